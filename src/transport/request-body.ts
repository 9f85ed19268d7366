import FormData from 'form-data'
import { Readable } from 'node:stream'
import { StemmaError } from '../errors/stemma-error.js'
import type { BodyPart, RequestBody } from './endpoint.js'

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

/** Prepares a body for one attempt; `onSent` is told of the bytes as they go out. */
export function prepareBody(body: RequestBody | undefined, onSent: (bytes: number) => void): PreparedBody {
  if (body === undefined) return { data: undefined, headers: {}, failure: nothing, isSent: () => true, end: nothing }
  if (body.kind === 'parts') {
    const { encoded, sizeBytes, contentType } = encodeParts(body)
    return prepareStream(() => piecesOf(encoded), sizeBytes, contentType, onSent)
  }
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

/** The form lives no longer than this call. */
function encodeParts({ parts, memory }: Extract<RequestBody, { kind: 'parts' }>): { encoded: Promise<Uint8Array>; sizeBytes: number; contentType: string } {
  const form = formOf(parts)
  const sizeBytes = form.getLengthSync()
  const encoded = encode(form, sizeBytes, memory)
  // Read later, if at all.
  encoded.catch(nothing)
  return { encoded, sizeBytes, contentType: `multipart/form-data; boundary=${form.getBoundary()}` }
}

/**
 * Not its `getBuffer`, which copies all parts before with each part: for a thousand of them that is most of the work. And at once: what it
 * keeps of each part would otherwise live as long as the call.
 */
function encode(form: FormData, sizeBytes: number, memory: Uint8Array | undefined): Promise<Uint8Array> {
  const bytes = memory !== undefined && memory.byteLength >= sizeBytes ? memory.subarray(0, sizeBytes) : Buffer.allocUnsafeSlow(sizeBytes)
  return new Promise((resolve, reject) => {
    let filled = 0
    form.on('data', (piece: Buffer | string) => {
      filled += typeof piece === 'string' ? Buffer.from(bytes.buffer, bytes.byteOffset + filled, sizeBytes - filled).write(piece) : copied(piece, bytes, filled)
    })
    form.on('error', reject)
    form.on('end', () => {
      resolve(bytes.subarray(0, filled))
    })
    form.resume()
  })
}

function copied(piece: Uint8Array, to: Uint8Array, at: number): number {
  to.set(piece, at)
  return piece.byteLength
}

function formOf(parts: readonly BodyPart[]): FormData {
  const form = new FormData()
  for (const { name, filename, contentType, bytes } of parts) {
    form.append(name, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), { contentType, ...(filename === undefined ? {} : { filename }) })
  }
  return form
}
