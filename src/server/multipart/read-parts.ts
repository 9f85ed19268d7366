import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { types } from 'node:util'
import { Dicer } from '@fastify/busboy'
import { StemmaError } from '../../errors/stemma-error.js'
import { readBoundary, readDisposition, type Disposition } from './content-disposition.js'

/** One part of a multipart body. */
export interface Part extends Disposition {
  /** To be read to the end before the next part is asked for. */
  bytes: AsyncIterable<Uint8Array>
}

/** What a body may have. */
export interface PartLimits {
  /** Parts. */
  parts: number
  /** Bytes in all, with boundaries and headers. */
  bytes: number
}

const MAX_HEADER_BYTES = 8_192
const MAX_HEADERS = 8
/** Bytes that wait for the consumer before no more are taken. */
const WAITING_BYTES = 131_072

/** A part as the parser shows it: its header comes later than the part itself, or never. */
interface FoundPart {
  stream: Readable
  header: Map<string, string[]> | undefined
  /** Resolves when the header is there, or will not come. */
  announced: Promise<void>
}

/**
 * The parts of a multipart/form-data body in their order, as they arrive; at most a few hundred kilobytes are held. No part is passed over: one
 * that cannot be read, and a body that is cut off, fail the whole.
 *
 * @throws {StemmaError} INVALID_INPUT, TOO_LARGE; the reason of the signal.
 */
export async function* readParts(incoming: IncomingMessage, limits: PartLimits, signal: AbortSignal): AsyncGenerator<Part> {
  const boundary = readBoundary(incoming.headers['content-type'])
  const reader = startReader(incoming, boundary, limits, signal)
  try {
    for (let count = 1; ; count += 1) {
      const part = await reader.next()
      if (part === undefined) return
      if (count > limits.parts) throw tooLarge('parts', limits.parts)
      await part.announced
      const disposition = readHeader(part.header)
      yield { ...disposition, bytes: reader.bytesOf(part) }
    }
  } finally {
    reader.stop()
  }
}

function startReader(incoming: IncomingMessage, boundary: string, limits: PartLimits, signal: AbortSignal) {
  // It never holds back by itself: it does not go on where parts end while it waits.
  const config = { boundary, maxHeaderPairs: MAX_HEADERS + 1, maxHeaderSize: MAX_HEADER_BYTES, partHwm: Number.MAX_SAFE_INTEGER }
  const parser = new Dicer(config)
  const waiting: FoundPart[] = []
  const streams = new Set<Readable>()
  const stopped = new AbortController()
  let failure: { error: unknown } | undefined
  let isComplete = false
  let wake: () => void = () => undefined
  let wakePump: () => void = () => undefined
  let announceLast: () => void = () => undefined

  const fail = (error: unknown): void => {
    failure ??= { error }
    for (const stream of streams) stream.destroy(new Error('the body of the request failed'))
    stopped.abort()
    announceLast()
    wake()
    wakePump()
  }
  parser.on('part', (stream: Readable) => {
    // Of a part before it whose header was cut off nothing more will be heard.
    announceLast()
    const announced = new Promise<void>((resolve) => {
      stream.once('header', (header: object) => {
        part.header = headerMap(header)
        resolve()
      })
      announceLast = resolve
    })
    const part: FoundPart = { stream, header: undefined, announced }
    streams.add(stream)
    stream.once('close', () => streams.delete(stream))
    stream.on('error', () => undefined)
    waiting.push(part)
    wake()
  })
  parser.on('error', () => {
    fail(cutOff())
  })
  const hasRoom = (): boolean => [...streams].reduce((bytes, stream) => bytes + stream.readableLength, 0) < WAITING_BYTES

  const pump = async (): Promise<void> => {
    let bytes = 0
    // The request stays open when it is not read to the end, so that it can be answered.
    const pieces: AsyncIterable<Uint8Array> = incoming.iterator({ destroyOnReturn: false })
    for await (const piece of pieces) {
      stopped.signal.throwIfAborted()
      bytes += piece.byteLength
      if (bytes > limits.bytes) throw tooLarge('bytes', limits.bytes)
      // After the last boundary the parser takes nothing more.
      if (parser.writable) parser.write(piece)
      while (!hasRoom() && !stopped.signal.aborted) {
        await new Promise<void>((resolve) => {
          wakePump = resolve
        })
      }
    }
    if (parser.writable) {
      await new Promise<void>((resolve) => {
        parser.end(resolve)
      })
    }
    // That the last boundary is missing, the parser tells a moment after its end.
    await setImmediate()
    isComplete = true
    announceLast()
    wake()
  }
  const abort = (): void => {
    fail(signal.reason)
  }
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  else void pump().catch(fail)

  return {
    async next(): Promise<FoundPart | undefined> {
      for (;;) {
        if (failure !== undefined) throw failure.error
        const part = waiting.shift()
        if (part !== undefined) return part
        if (isComplete) return undefined
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    async *bytesOf({ stream }: FoundPart): AsyncGenerator<Uint8Array> {
      // Not by its iterator, which for a small part is most of the work.
      let wakeReader: () => void = () => undefined
      const onChange = (): void => {
        wakeReader()
      }
      stream.on('readable', onChange).on('end', onChange).on('close', onChange)
      for (;;) {
        const changed = new Promise<void>((resolve) => {
          wakeReader = resolve
        })
        const piece: unknown = stream.read()
        if (failure !== undefined) throw failure.error
        if (types.isUint8Array(piece)) {
          wakePump()
          yield piece
        } else if (stream.readableEnded) return
        else if (stream.destroyed) throw new Error('a part was given up before its end')
        else await changed
      }
    },
    stop(): void {
      signal.removeEventListener('abort', abort)
      stopped.abort()
      wakePump()
      for (const stream of streams) stream.destroy()
    }
  }
}

function headerMap(header: object): Map<string, string[]> {
  return new Map(Object.entries(header).map(([name, values]) => [name, Array.isArray(values) ? values.map(String) : []]))
}

function readHeader(header: Map<string, string[]> | undefined): Disposition {
  if (header === undefined) throw invalid('a part has no header that can be read')
  if (header.size > MAX_HEADERS) throw invalid(`a part has more than ${MAX_HEADERS} headers`)
  const encoding = header.get('content-transfer-encoding')?.join(',').toLowerCase()
  if (encoding !== undefined && !['binary', '8bit', '7bit'].includes(encoding)) throw invalid(`a part is encoded as ${encoding.slice(0, 40)}`)
  if (/^multipart\//i.test(header.get('content-type')?.[0] ?? '')) throw invalid('a part is a multipart body itself')
  const [disposition, another] = header.get('content-disposition') ?? []
  if (disposition === undefined || another !== undefined) throw invalid('a part has not exactly one Content-Disposition')
  return readDisposition(disposition)
}

function cutOff(): StemmaError {
  return invalid('the multipart body ends before its last boundary')
}

function invalid(problem: string): StemmaError {
  return new StemmaError('INVALID_INPUT', problem, { hint: 'Let your HTTP client make the body, as curl -F does.' })
}

function tooLarge(what: 'parts' | 'bytes', limit: number): StemmaError {
  return new StemmaError('TOO_LARGE', `the multipart body has more than ${limit} ${what}`, { hint: 'Send less at once.', details: { limit } })
}
