import { createHash } from 'node:crypto'
import type { StoredBlob } from '../../backend.js'
import { StemmaError } from '../../../errors/stemma-error.js'
import { handledLater } from '../../../io/descriptor.js'
import type { Digest } from '../../../schemas/digest.js'
import { updateChecksum } from '../../../wire/chunk-checksum.js'
import { ROUTES } from '../../../wire/routes.js'
import { chunkBytesFor, type BytesContext } from './bytes-context.js'
import { finishUpload } from './finish-upload.js'
import type { BlockReader } from './read-blocks.js'
import { createEndurance, sendChunk } from './send-chunk.js'

/** How {@link uploadStream} works. */
export interface StreamUploadOptions {
  /** What errors name. */
  label: string
  signal: AbortSignal | undefined
  onBytes: (doneBytes: number) => void
}

/**
 * Uploads a stream as it comes, hashing it on the way; its digest is told at the end. While a chunk is sent the next one is gathered. What was
 * sent of a stream that fails is thrown away: nobody could go on with it.
 *
 * @param first the bytes that were read of it already.
 * @throws {StemmaError} SOURCE_UNREADABLE, REGISTRY_UNAVAILABLE when the registry lost what it had, DIGEST_MISMATCH,
 * PROTOCOL_ERROR when it goes back again and again; what the transport throws.
 */
export async function uploadStream(context: BytesContext, first: Uint8Array, blocks: BlockReader, options: StreamUploadOptions): Promise<StoredBlob> {
  const { signal } = options
  const { id } = await context.transport.json(ROUTES.startUpload, { body: {}, signal })
  try {
    const { digest, sizeBytes } = await sendBlocks(context, id, { first, blocks }, options)
    const answer = await finishUpload(context, { id, digest, sizeBytes }, signal)
    if (answer.kind === 'stored') return answer.blob
    throw answer.error ?? lost(options.label)
  } catch (error) {
    const cancelled = context.transport.send(ROUTES.cancelUpload, { parameters: { id }, statuses: [204, 404], patience: { retries: 0, totalMs: CANCEL_MS } })
    // Best effort: the registry's garbage collection does the same after a day.
    await cancelled.catch(() => undefined)
    throw error
  } finally {
    blocks.end()
  }
}

const CANCEL_MS = 1_000

async function sendBlocks(
  context: BytesContext,
  id: string,
  { first, blocks }: { first: Uint8Array; blocks: BlockReader },
  options: StreamUploadOptions
): Promise<{ digest: Digest; sizeBytes: number }> {
  const length = chunkBytesFor(context, 2)
  const sha256 = createHash('sha256')
  let [sending, filling] = [Buffer.allocUnsafeSlow(length), Buffer.allocUnsafeSlow(length)]
  let block = first
  let position = 0
  for (;;) {
    const next = handledLater(blocks.next(filling))
    sha256.update(block)
    await sendWhole(context, { id, position, block }, options)
    position += block.byteLength
    const count = await next
    block = filling.subarray(0, count)
    ;[sending, filling] = [filling, sending]
    if (count === 0) return { digest: `sha256:${sha256.digest('hex')}`, sizeBytes: position }
  }
}

async function sendWhole(context: BytesContext, { id, position, block }: { id: string; position: number; block: Uint8Array }, options: StreamUploadOptions): Promise<void> {
  const endurance = createEndurance(context)
  const { signal, onBytes, label } = options
  let sent = 0
  while (sent < block.byteLength) {
    const from = position + sent
    const onSent = (count: number): void => {
      onBytes(from + count)
    }
    const bytes = block.subarray(sent)
    const answer = await sendChunk(context, { id, position: from, bytes, checksum: updateChecksum(bytes), signal, onSent })
    // Bytes before this block are not at hand any more, and those after it were never sent.
    const isHere = answer.kind === 'offset' && answer.offset >= position && answer.offset <= position + block.byteLength
    if (!isHere) throw lost(label)
    endurance.at(answer.offset)
    await endurance.after(answer.offset > from, answer.error, signal)
    sent = answer.offset - position
  }
}

function lost(label: string): StemmaError {
  return new StemmaError('REGISTRY_UNAVAILABLE', `the registry lost what it had of ${label}, which is a stream and cannot be read again`, {
    hint: 'Make the stream anew and log it again; a file can be gone on with.',
    retryable: false,
    details: { path: label }
  })
}
