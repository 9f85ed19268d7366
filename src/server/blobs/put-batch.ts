import type { Backend, StoredBlob } from '../../backends/backend.js'
import { StemmaError } from '../../errors/stemma-error.js'
import { MAX_BATCH_BLOB_BYTES, MAX_BATCH_BLOBS, MAX_BATCH_BYTES } from '../../wire/limits.js'
import { bodyLimit } from '../admit.js'
import type { Call } from '../context.js'
import { readParts } from '../multipart/read-parts.js'
import { createPartStore } from '../multipart/store-parts.js'
import { sendJson } from '../reply.js'

/**
 * Stores a batch of small blobs, one a part, whatever the parts are called. Not atomic: those that came before a failure stay, unreferenced.
 *
 * @throws {StemmaError} INVALID_INPUT, TOO_LARGE; as `Backend.putBlobs`.
 */
export async function putBatch(call: Call, backend: Backend): Promise<void> {
  const store = createPartStore(backend, call.signal)
  let sizeBytes = 0
  let count = 0
  const onBytes = (arrived: number): void => {
    sizeBytes += arrived
    if (sizeBytes > MAX_BATCH_BYTES) throw tooLarge()
  }
  for await (const { bytes } of readParts(call.incoming, { parts: MAX_BATCH_BLOBS, bytes: bodyLimit('putBlobs') }, call.signal)) {
    await store.add(`blob ${count++} of the batch`, bytes, MAX_BATCH_BLOB_BYTES, onBytes)
  }
  const blobs: StoredBlob[] = (await store.finish()).map(({ digest, sizeBytes: size, existed }) => ({ digest, sizeBytes: size, existed }))
  sendJson(call.outgoing, call.route.status, { blobs })
}

function tooLarge(): StemmaError {
  return new StemmaError('TOO_LARGE', `the batch has more than ${MAX_BATCH_BYTES} bytes`, { hint: 'Send several batches.', details: { limit: MAX_BATCH_BYTES } })
}
