import type { Backend, StoredBlob } from '../../backends/backend.js'
import { StemmaError } from '../../errors/stemma-error.js'
import type { Digest } from '../../schemas/digest.js'
import { blobSize } from '../blobs/blob-size.js'
import { dataOf, removeUpload, type OpenUpload, type UploadStoreOptions } from './open-upload.js'

/**
 * Compares the digest with that of the bytes that were written, and gives their file to the backend. When storing fails the file stays, to be
 * copied by who goes on: it may have become a blob, to which nobody writes.
 *
 * @throws {StemmaError} CONFLICT when it was said to have more bytes; DIGEST_MISMATCH, and the upload is gone; as `Backend.putBlobs`.
 */
export async function finishUpload(
  upload: OpenUpload,
  digest: Digest,
  options: UploadStoreOptions & { backend: Backend; signal: AbortSignal | undefined }
): Promise<StoredBlob> {
  const { files, backend, signal } = options
  const { offset, sizeBytes } = upload
  if (sizeBytes !== undefined && offset < sizeBytes) {
    throw new StemmaError('CONFLICT', `the upload is at ${offset} of ${sizeBytes} bytes`, { hint: `Go on from ${offset}.`, details: { offset, sizeBytes } })
  }
  const found: Digest = `sha256:${upload.hash.copy().digest('hex')}`
  if (found !== digest) {
    removeUpload(upload.id, options)
    throw new StemmaError('DIGEST_MISMATCH', `the ${offset} bytes that were uploaded have the digest ${found}, not ${digest}`, {
      hint: 'The upload was thrown away. Check the file, and upload it again.',
      details: { expected: digest, found, sizeBytes: offset }
    })
  }
  const data = dataOf(upload)
  upload.isSealed = true
  files.setMode(data, 0o444)
  const [stored] = await backend.putBlobs([{ kind: 'owned-file', label: digest, path: files.pathOf(data), sizeBytes: offset, digest }], { signal })
  removeUpload(upload.id, options)
  return stored ?? { digest, sizeBytes: offset, existed: false }
}

/** The answer to a client that did not get the first one; `undefined` when the blob is not stored. */
export async function replayFinish(
  first: StoredBlob | undefined,
  digest: Digest,
  backend: Backend,
  signal: AbortSignal | undefined
): Promise<StoredBlob | undefined> {
  if (first?.digest === digest) return first
  const [isStored] = await backend.keepBlobs([digest], { signal })
  if (isStored !== true) return undefined
  const sizeBytes = await blobSize(backend, digest, signal)
  return sizeBytes === undefined ? undefined : { digest, sizeBytes, existed: true }
}
