import { Readable } from 'node:stream'
import { StemmaError } from '../errors/stemma-error.js'
import type { RequestBody } from './endpoint.js'

/** Larger bodies go out in pieces, so that their progress can be seen. */
const PIECE_BYTES = 262_144

/** A body as the HTTP client takes it, for one attempt. */
export interface PreparedBody {
  readonly data: Buffer | Readable | undefined
  readonly headers: Readonly<Record<string, string>>
  /** What the source of a stream threw: the caller's own error, not the network's. */
  failure(): { readonly error: unknown } | undefined
  /** Whether everything was handed to the connection. */
  isSent(): boolean
  /** Lets the source of a stream go. Idempotent. */
  end(): void
}

const nothing = (): undefined => undefined

/** A body of JSON. */
export function jsonBody(value: unknown): RequestBody {
  return { kind: 'bytes', bytes: Buffer.from(JSON.stringify(value)), contentType: 'application/json' }
}

type PartsBody = Extract<RequestBody, { kind: 'parts' }>

/** Prepares a body of parts for one attempt. With what encodes them, which takes longer to load than all the rest: few calls need it. */
export async function prepareParts({ parts, memory }: PartsBody, onSent: (bytes: number) => void): Promise<PreparedBody> {
  const { encodeParts } = await import('./encode-parts.js')
  const { encoded, sizeBytes, contentType } = encodeParts(parts, memory)
  return prepareStream(() => piecesOf(encoded), sizeBytes, contentType, onSent)
}

/** Prepares a body for one attempt; `onSent` is told of the bytes as they go out. */
export function prepareBody(body: Exclude<RequestBody, PartsBody> | undefined, onSent: (bytes: number) => void): PreparedBody {
  if (body === undefined) return { data: undefined, headers: {}, failure: nothing, isSent: () => true, end: nothing }
  const contentType = body.contentType === undefined ? 'application/octet-stream' : body.contentType
  if (body.kind === 'stream') return prepareStream(body.open, body.sizeBytes, contentType, onSent)
  const { bytes } = body
  if (bytes.byteLength > PIECE_BYTES) return prepareStream(() => piecesOf(Promise.resolve(bytes)), bytes.byteLength, contentType, onSent)
  onSent(bytes.byteLength)
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return { data, headers: bodyHeaders(data.byteLength, contentType), failure: nothing, isSent: () => true, end: nothing }
}

function prepareStream(open: () => AsyncIterable<Uint8Array>, sizeBytes: number, contentType: string | null, onSent: (bytes: number) => void): PreparedBody {
  let failed: { readonly error: unknown } | undefined
  let isSent = false
  async function* counted(): AsyncGenerator<Uint8Array> {
    let sent = 0
    try {
      for await (const chunk of open()) {
        sent += chunk.byteLength
        if (sent > sizeBytes) throw otherSize(sizeBytes, `at least ${sent}`)
        onSent(chunk.byteLength)
        yield chunk
      }
      if (sent !== sizeBytes) throw otherSize(sizeBytes, String(sent))
      isSent = true
    } catch (error) {
      failed = { error }
      throw error
    }
  }
  const data = Readable.from(counted(), { objectMode: false, highWaterMark: PIECE_BYTES })
  return {
    data,
    headers: bodyHeaders(sizeBytes, contentType),
    failure: () => failed,
    isSent: () => isSent,
    end() {
      data.destroy()
    }
  }
}

function bodyHeaders(sizeBytes: number, contentType: string | null): Record<string, string> {
  return { ...(contentType === null ? {} : { 'content-type': contentType }), 'content-length': String(sizeBytes) }
}

function otherSize(wanted: number, found: string): StemmaError {
  return new StemmaError('SOURCE_CHANGED', `the bytes to send changed while they were sent: ${wanted} were announced, found ${found}`, {
    details: { wanted, found }
  })
}

async function* piecesOf(whole: Promise<Uint8Array>): AsyncGenerator<Uint8Array> {
  const bytes = await whole
  for (let start = 0; start < bytes.byteLength; start += PIECE_BYTES) yield bytes.subarray(start, start + PIECE_BYTES)
}
