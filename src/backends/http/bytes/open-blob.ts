import { StemmaError } from '../../../errors/stemma-error.js'
import type { Digest } from '../../../schemas/digest.js'
import type { BytesReply } from '../../../transport/endpoint.js'
import type { CallOptions } from '../../../util/options.js'
import { ROUTES } from '../../../wire/routes.js'
import { BYTES_PATIENCE, type BytesContext } from './bytes-context.js'

/**
 * The bytes of a blob from `start` on; see `Backend.openBlob`. The reader checks the digest. A cut, or a connection too slow to be of use,
 * is a REGISTRY_UNAVAILABLE that allows to go on from where it stopped.
 *
 * @throws {StemmaError} BLOB_MISSING; DIGEST_MISMATCH when the registry's blob ends before `start`; PROTOCOL_ERROR; what the transport throws.
 */
export async function* openBlob(
  { transport }: Pick<BytesContext, 'transport'>,
  digest: Digest,
  { start = 0, signal }: CallOptions & { start?: number | undefined }
): AsyncGenerator<Uint8Array, void> {
  signal?.throwIfAborted()
  const reply = await transport.bytes(ROUTES.blob, {
    parameters: { digest },
    // The range counts only for these very bytes; for others the whole of them is sent.
    headers: start === 0 ? {} : { range: `bytes=${start}-`, 'if-range': `"${digest}"` },
    statuses: [200, 206, 416],
    maxBytes: Number.MAX_SAFE_INTEGER,
    isVerified: true,
    patience: BYTES_PATIENCE,
    signal
  })
  try {
    const { skip, length } = extentOf(reply, start)
    yield* exactly(reply.body, skip, length, signal)
  } finally {
    reply.cancel()
  }
}

interface Extent {
  /** Bytes of the body that come before those that are wanted. */
  skip: number
  /** Bytes of the whole body. */
  length: number
}

function extentOf({ status, headers }: BytesReply, start: number): Extent {
  const length = numberIn(headers['content-length'])
  if (status === 416) {
    const total = numberIn(/^bytes \*\/(\d{1,15})$/.exec(headers['content-range'] ?? '')?.[1])
    if (total === start) return { skip: 0, length: 0 }
    throw tooShort(start, total)
  }
  if (length === undefined) throw notUnderstood('says no length', headers)
  if (status === 200) {
    if (start > length) throw tooShort(start, length)
    return { skip: start, length }
  }
  const [, first, last, total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(headers['content-range'] ?? '') ?? []
  if (Number(first) !== start || Number(last) + 1 !== Number(total) || Number(total) - start !== length) {
    throw notUnderstood(`sent another range than the bytes from ${start} on`, headers)
  }
  return { skip: 0, length }
}

async function* exactly(body: AsyncIterable<Uint8Array>, skip: number, length: number, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void> {
  let received = 0
  if (length === 0) return
  for await (const chunk of body) {
    signal?.throwIfAborted()
    const before = received
    received += chunk.byteLength
    if (received > length) throw notUnderstood(`sent more than the ${length} bytes that it said`, {})
    if (received > skip) yield before < skip ? chunk.subarray(skip - before) : chunk
  }
  if (received < length) {
    throw new StemmaError('REGISTRY_UNAVAILABLE', `the registry ended after ${received} of ${length} bytes`, {
      hint: 'Try again: what has arrived is kept.',
      details: { received, length }
    })
  }
}

function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

function tooShort(start: number, total: number | undefined): StemmaError {
  return new StemmaError('DIGEST_MISMATCH', `the registry has ${total ?? 'fewer'} bytes of a blob of which ${start} are here already`, {
    hint: 'Run verify on the registry: its copy of this blob has to be restored, or the version logged again.',
    details: { start, total }
  })
}

function notUnderstood(what: string, headers: Readonly<Record<string, string>>): StemmaError {
  return new StemmaError('PROTOCOL_ERROR', `the registry ${what}`, {
    hint: 'Check that the address is that of a stemma registry, and that no proxy in between changes replies.',
    details: { contentRange: headers['content-range'], contentLength: headers['content-length'] }
  })
}
