import type { StoredBlob } from '../../backend.js'
import { StemmaError } from '../../../errors/stemma-error.js'
import { timeSlices } from '../../../io/event-loop.js'
import { readSmall } from '../../../io/ingest-small.js'
import { sourceChanged } from '../../../io/open-source.js'
import { parse } from '../../../schemas/parse.js'
import type { BodyPart } from '../../../transport/endpoint.js'
import { mapLimited } from '../../../util/map-limited.js'
import { sha256Hex } from '../../../util/sha256.js'
import { storedBlobsSchema } from '../../../wire/messages.js'
import { ROUTES } from '../../../wire/routes.js'
import { BYTES_PATIENCE, type BytesContext } from './bytes-context.js'
import { ATTEMPTS } from './digest-sources.js'
import type { PendingBlob } from './pending-blob.js'

/** One batch is read while another is on its way. */
const LANES = 2
/** Far below what a batch may have: it is in memory twice, as parts and as a body. Enough for the largest that goes in one. */
const BATCH_BYTES = 1_310_720

/** Memory of one lane, for one batch after the other: new memory for each stays until it is collected, which may be never. */
export interface BatchMemory {
  /** For those that are not in memory already; made when there are some. */
  readonly files: () => Buffer
  readonly body: Buffer
}

function batchMemory(): BatchMemory {
  let files: Buffer | undefined
  // One byte more shows that a file has grown.
  return { files: () => (files ??= Buffer.allocUnsafeSlow(BATCH_BYTES + 1)), body: Buffer.allocUnsafeSlow(BATCH_BYTES) }
}

/** How {@link sendBatches} works. */
export interface BatchOptions {
  /** Memory that is not in use; empty at first. Calls one after the other share it. */
  idle: BatchMemory[]
  signal: AbortSignal | undefined
  /** A blob is stored. */
  onStored: (pending: PendingBlob, stored: StoredBlob) => void
  /** The first bytes of a file that asked for them, before it is told as stored; good until this returns. */
  onHead: (pending: PendingBlob, head: Uint8Array) => void
  /** A file has grown too large for a batch since it was hashed. */
  onLarge: (pending: PendingBlob) => void
}

/** Sends small blobs, many to a request. A file that changed since it was hashed is stored as it is when it is read. */
export async function sendBatches(context: BytesContext, blobs: readonly PendingBlob[], options: BatchOptions): Promise<void> {
  const failed = new AbortController()
  const signal = options.signal === undefined ? failed.signal : AbortSignal.any([options.signal, failed.signal])
  const { idle } = options
  await mapLimited(planBatches(context, blobs), LANES, async (batch) => {
    const memory = idle.pop() ?? batchMemory()
    try {
      await sendBatch(context, batch, memory, { ...options, signal })
    } catch (error) {
      failed.abort(error)
      throw error
    }
    // Not after a failure: something may still be on its way out of it.
    idle.push(memory)
  })
}

/** Most bytes of one blob of a batch. */
export function smallBytes(context: BytesContext): number {
  const { batchBlobBytes, batchBytes } = context.limits()
  return Math.min(batchBlobBytes, batchBytes - PART_BYTES, BATCH_BYTES, 1_048_576)
}

/** Room for the boundary and the headers of a part. */
const PART_BYTES = 512

function planBatches(context: BytesContext, blobs: readonly PendingBlob[]): PendingBlob[][] {
  const { batchBlobs, batchBytes } = context.limits()
  const maxBytes = Math.min(batchBytes, BATCH_BYTES)
  const batches: PendingBlob[][] = []
  let current: PendingBlob[] = []
  let bytes = 0
  for (const blob of blobs) {
    const added = blob.sizeBytes + PART_BYTES
    if (current.length > 0 && (current.length === batchBlobs || bytes + added > maxBytes)) {
      batches.push(current)
      ;[current, bytes] = [[], 0]
    }
    current.push(blob)
    bytes += added
  }
  return current.length > 0 ? [...batches, current] : batches
}

interface ReadBlob {
  pending: PendingBlob
  bytes: Uint8Array
}

async function sendBatch(context: BytesContext, batch: readonly PendingBlob[], memory: BatchMemory, options: BatchOptions): Promise<void> {
  let left = await readBatch(context, batch, memory, options)
  for (let attempt = 1; left.length > 0; attempt++) {
    const damaged: ReadBlob[] = []
    for (const { blob, stored } of await sendParts(context, left, memory.body, options.signal)) {
      const { pending, bytes } = blob
      // Another digest is right when these are other bytes than those that were hashed; else they were damaged on their way.
      if (stored.digest !== pending.digest && stored.digest !== `sha256:${sha256Hex(bytes)}`) damaged.push(blob)
      else {
        const headBytes = pending.source.kind === 'file' ? (pending.source.headBytes ?? 0) : 0
        if (headBytes > 0) options.onHead(pending, bytes.subarray(0, headBytes))
        options.onStored(pending, stored)
      }
    }
    const [first] = damaged
    if (attempt === ATTEMPTS && first !== undefined) throw arrivedDamaged(first.pending)
    left = damaged
  }
}

async function readBatch(context: BytesContext, batch: readonly PendingBlob[], memory: BatchMemory, { onLarge, signal }: BatchOptions): Promise<ReadBlob[]> {
  const pause = timeSlices(context.sources)
  const limit = smallBytes(context)
  const read: ReadBlob[] = []
  let buffer: Buffer | undefined
  for (const pending of batch) {
    signal?.throwIfAborted()
    const { source } = pending
    if (source.kind === 'bytes') {
      read.push({ pending, bytes: source.bytes })
      continue
    }
    // Some have grown, and others find no room.
    buffer ??= memory.files()
    if (buffer.byteLength <= pending.sizeBytes) buffer = Buffer.allocUnsafeSlow(Math.max(limit + 1, 262_144))
    const bytes = readOne(pending, buffer)
    if (bytes === undefined) onLarge(pending)
    else {
      read.push({ pending, bytes })
      buffer = buffer.subarray(bytes.byteLength)
    }
    await pause()
  }
  return read
}

/** `undefined`: the file has grown. */
function readOne({ source }: PendingBlob, buffer: Uint8Array): Uint8Array | undefined {
  if (source.kind === 'bytes') return source.bytes
  const file = { ...source, kind: 'file' } as const
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const bytes = readSmall(file, buffer)
    if (bytes === 'large') return undefined
    if (bytes !== 'changed') return bytes
  }
  throw sourceChanged(file, ATTEMPTS)
}

async function sendParts(
  { transport }: BytesContext,
  blobs: readonly ReadBlob[],
  memory: Buffer,
  signal: AbortSignal | undefined
): Promise<{ blob: ReadBlob; stored: StoredBlob }[]> {
  const parts = blobs.map(({ pending, bytes }): BodyPart => ({ name: pending.digest, filename: 'blob', contentType: 'application/octet-stream', bytes }))
  const reply = await transport.send(ROUTES.putBlobs, { body: { kind: 'parts', parts, memory }, patience: BYTES_PATIENCE, signal })
  const { blobs: stored } = parse(storedBlobsSchema, reply.json, { what: 'the reply to a batch of blobs', code: 'PROTOCOL_ERROR', isLarge: true })
  if (stored.length !== blobs.length) {
    throw new StemmaError('PROTOCOL_ERROR', `the registry stored ${stored.length} of ${blobs.length} blobs, and said so as if it were all`, {
      hint: 'Check that the address is that of a stemma registry.',
      details: { wanted: blobs.length, found: stored.length }
    })
  }
  return blobs.flatMap((blob, index) => {
    const one = stored[index]
    return one === undefined ? [] : [{ blob, stored: { digest: one.digest, sizeBytes: blob.bytes.byteLength, existed: one.existed } }]
  })
}

function arrivedDamaged({ source, digest }: PendingBlob): StemmaError {
  return new StemmaError('DIGEST_MISMATCH', `${source.label} arrived damaged at the registry, ${ATTEMPTS} times in a row`, {
    hint: 'Check that nothing between here and the registry changes bytes, and the memory of both machines.',
    details: { path: source.label, expected: digest }
  })
}
