import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import type { Backend } from '../../backends/backend.js'
import { StemmaError } from '../../errors/stemma-error.js'
import { systemErrorCode, toStemmaError } from '../../io/system-error.js'
import { digestSchema, type Digest } from '../../schemas/digest.js'
import { parse } from '../../schemas/parse.js'
import type { Call } from '../context.js'
import { sendNothing } from '../reply.js'
import { blobSize } from './blob-size.js'
import { hasTag, readRange, type WantedRange } from './read-range.js'
import { sendFile } from './send-file.js'

// Not waited for: a FIFO where a blob belongs must not hang the server.
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW

/** The bytes of a blob, as they are read for a reply. */
interface OpenBlob {
  sizeBytes: number
  send(outgoing: ServerResponse, range: { start: number; end: number }, signal: AbortSignal): Promise<void>
  close(): void
}

/**
 * Answers GET and HEAD of a blob: whole, or one range of it. What is sent is not checked here: the client checks the digest.
 *
 * @throws {StemmaError} BLOB_MISSING; INVALID_INPUT for what is no digest.
 */
export async function sendBlob(call: Call, backend: Backend): Promise<void> {
  const { incoming, outgoing, params, signal } = call
  const digest = parse(digestSchema, params['digest'], { what: 'the digest in the path', hint: 'A digest is sha256: and 64 lower-case hex digits.' })
  const blob = await openBlob(backend, digest, signal)
  try {
    const tag = `"${digest}"`
    const headers = {
      etag: tag,
      'accept-ranges': 'bytes',
      'cache-control': 'private, max-age=31536000, immutable'
    }
    const { range, 'if-none-match': ifNoneMatch } = incoming.headers
    const ifRange = incoming.headersDistinct['if-range']?.join(',')
    if (hasTag(ifNoneMatch, tag) || hasTag(ifNoneMatch, `W/${tag}`)) {
      sendNothing(outgoing, 304, headers)
      return
    }
    const isRanged = incoming.method === 'GET' && (ifRange === undefined || ifRange === tag)
    const wanted = isRanged ? readRange(range, blob.sizeBytes) : ({ kind: 'whole' } satisfies WantedRange)
    if (wanted.kind === 'unsatisfiable') {
      sendNothing(outgoing, 416, { 'accept-ranges': 'bytes', 'content-range': `bytes */${blob.sizeBytes}`, 'content-length': '0' })
      return
    }
    const part = wanted.kind === 'part' ? wanted : { start: 0, end: blob.sizeBytes }
    outgoing.writeHead(wanted.kind === 'part' ? 206 : 200, {
      ...headers,
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${digest.slice('sha256:'.length)}"`,
      'content-length': part.end - part.start,
      ...(wanted.kind === 'part' ? { 'content-range': `bytes ${part.start}-${part.end - 1}/${blob.sizeBytes}` } : {})
    })
    if (incoming.method !== 'HEAD') await blob.send(outgoing, part, signal)
    outgoing.end()
  } finally {
    blob.close()
  }
}

async function openBlob(backend: Backend, digest: Digest, signal: AbortSignal): Promise<OpenBlob> {
  const path = backend.localBlobPath(digest)
  if (path !== undefined) return openFile(path, digest)
  const sizeBytes = await blobSize(backend, digest, signal)
  if (sizeBytes === undefined) throw missing(digest)
  return { sizeBytes, send: (outgoing, range, sending) => sendStream(outgoing, backend.openBlob(digest, { start: range.start, signal: sending }), range, sending), close: () => undefined }
}

function openFile(path: string, digest: Digest): OpenBlob {
  let fd: number
  try {
    fd = openSync(path, OPEN_FLAGS)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') throw missing(digest)
    throw toStemmaError(error, `cannot read ${digest}`, `blobs/${digest}`)
  }
  const stats = fstatSync(fd)
  if (!stats.isFile()) {
    closeSync(fd)
    throw missing(digest)
  }
  return {
    sizeBytes: stats.size,
    send: (outgoing, range, signal) => sendFile(outgoing, fd, range, signal),
    close: () => {
      closeSync(fd)
    }
  }
}

async function sendStream(outgoing: ServerResponse, bytes: AsyncIterable<Uint8Array>, { start, end }: { start: number; end: number }, signal: AbortSignal): Promise<void> {
  let left = end - start
  if (left === 0) return
  for await (const chunk of bytes) {
    signal.throwIfAborted()
    const part = chunk.subarray(0, left)
    left -= part.byteLength
    if (!outgoing.write(part)) await drained(outgoing, signal)
    if (left === 0) return
  }
  throw new Error('the blob ended before its size')
}

function drained(outgoing: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      outgoing.off('drain', onDrain)
      reject(signal.reason as Error)
    }
    const onDrain = (): void => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }
    outgoing.once('drain', onDrain)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
  })
}

function missing(digest: Digest): StemmaError {
  return new StemmaError('BLOB_MISSING', `blob ${digest} is not in the registry`, { hint: 'Store the bytes first.', details: { digest } })
}
