import type { StoredBlob } from '../../backend.js'
import { StemmaError } from '../../../errors/stemma-error.js'
import { sourceChanged } from '../../../io/open-source.js'
import type { Digest } from '../../../schemas/digest.js'
import { ROUTES } from '../../../wire/routes.js'
import type { BytesContext } from './bytes-context.js'
import { ATTEMPTS, digestAnew } from './digest-sources.js'
import { finishUpload } from './finish-upload.js'
import { keepBlobs } from './keep-blobs.js'
import { openChunks, type ChunkMemory, type Chunks } from './open-chunks.js'
import type { PendingBlob } from './pending-blob.js'
import { createEndurance, sendChunk, type Endurance } from './send-chunk.js'

/** How {@link uploadBlob} works. */
export interface UploadOptions {
  signal: AbortSignal | undefined
  memory: ChunkMemory
  /** So many bytes of the source are with the registry, or on their way. */
  onBytes: (doneBytes: number) => void
}

/**
 * Uploads a large source in chunks, going on where the registry's durable bytes end: those of an earlier call or process too. A file that
 * changed since it was hashed is hashed again, and what is stored is what it held then.
 *
 * @throws {StemmaError} SOURCE_CHANGED, SOURCE_UNREADABLE, SOURCE_UNSUPPORTED; DIGEST_MISMATCH when the registry finds other bytes than were
 * sent; PROTOCOL_ERROR when it goes back again and again; what the transport throws. What was sent stays with the registry, to be gone on with.
 */
export async function uploadBlob(context: BytesContext, blob: PendingBlob, options: UploadOptions): Promise<StoredBlob> {
  let current = blob
  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptOnce(context, current, options)
    if (outcome.kind === 'stored') return outcome.blob
    if (attempt === ATTEMPTS) throw failureOf(current, outcome.kind)
    const { signal } = options
    current = await digestAnew(context, current, { signal })
    const [isStored] = await keepBlobs(context, [current.digest], { signal, sizes: [current.sizeBytes] })
    if (isStored === true) return { digest: current.digest, sizeBytes: current.sizeBytes, existed: true }
  }
}

type Outcome = { kind: 'stored'; blob: StoredBlob } | { kind: 'changed' | 'refused' }

async function attemptOnce(context: BytesContext, blob: PendingBlob, options: UploadOptions): Promise<Outcome> {
  const chunks = openChunks(blob.source, options.memory)
  try {
    if (chunks.sizeBytes !== blob.sizeBytes || (blob.stamp !== undefined && chunks.stamp !== blob.stamp)) return { kind: 'changed' }
    return await sendAll(context, blob.digest, chunks, options)
  } finally {
    await chunks.close()
  }
}

async function sendAll(context: BytesContext, digest: Digest, chunks: Chunks, options: UploadOptions): Promise<Outcome> {
  const { signal } = options
  const { sizeBytes } = chunks
  const endurance = createEndurance(context)
  let furthest = -1
  for (;;) {
    const { id, offset } = await context.transport.json(ROUTES.startUpload, { body: { digest, sizeBytes }, signal })
    endurance.at(offset)
    const sent = offset > sizeBytes ? 'too-much' : await sendFrom(context, { id, offset, chunks, endurance }, options)
    if (sent === 'changed' || !chunks.isUnchanged()) return { kind: 'changed' }
    if (sent === 'too-much') await context.transport.send(ROUTES.cancelUpload, { parameters: { id }, signal })
    if (sent === 'complete') {
      const answer = await finishUpload(context, { id, digest, sizeBytes }, signal)
      if (answer.kind === 'stored') return answer
      if (answer.kind === 'refused') return { kind: 'refused' }
      await endurance.after(false, answer.error, signal)
    } else await endurance.after(offset > furthest, undefined, signal)
    furthest = Math.max(furthest, offset)
  }
}

/** Sends what is missing of an upload. `gone`: it has to be begun again; `too-much`: the registry has more than there is. */
async function sendFrom(
  context: BytesContext,
  upload: { id: string; offset: number; chunks: Chunks; endurance: Endurance },
  { signal, onBytes, memory }: UploadOptions
): Promise<'complete' | 'changed' | 'gone' | 'too-much'> {
  const { id, chunks, endurance } = upload
  let { offset } = upload
  while (offset < chunks.sizeBytes) {
    signal?.throwIfAborted()
    const position = offset
    onBytes(position)
    const { bytes, checksum } = await chunks.take(position)
    if (bytes.byteLength < Math.min(memory.chunkBytes, chunks.sizeBytes - position)) return 'changed'
    const onSent = (count: number): void => {
      onBytes(position + count)
    }
    const answer = await sendChunk(context, { id, position, bytes, checksum, signal, onSent })
    if (answer.kind === 'gone') return 'gone'
    if (answer.offset > chunks.sizeBytes) return 'too-much'
    endurance.at(answer.offset)
    await endurance.after(answer.offset > position, answer.error, signal)
    offset = answer.offset
  }
  onBytes(chunks.sizeBytes)
  return 'complete'
}

function failureOf({ source, digest }: PendingBlob, kind: 'changed' | 'refused'): StemmaError {
  if (kind === 'changed' && source.kind !== 'bytes') return sourceChanged({ ...source, kind: 'file' }, ATTEMPTS)
  return new StemmaError('DIGEST_MISMATCH', `${source.label} arrived damaged at the registry, ${ATTEMPTS} times in a row: its digest is ${digest}`, {
    hint: 'Check that nothing between here and the registry changes bytes, and the disk and memory of both machines.',
    details: { path: source.label, expected: digest }
  })
}
