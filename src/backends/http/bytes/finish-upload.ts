import type { StoredBlob } from '../../backend.js'
import type { StemmaError } from '../../../errors/stemma-error.js'
import type { Digest } from '../../../schemas/digest.js'
import { parse } from '../../../schemas/parse.js'
import { storedBlobSchema } from '../../../wire/messages.js'
import { ROUTES } from '../../../wire/routes.js'
import { BYTES_PATIENCE, type BytesContext } from './bytes-context.js'
import { keepBlobs } from './keep-blobs.js'

/**
 * What became of an upload: `stored`; `refused`, its bytes having another digest, and thrown away; `unfinished`, the registry having fewer
 * bytes than were sent, or none at all.
 */
export type FinishAnswer = { kind: 'stored'; blob: StoredBlob } | { kind: 'refused' | 'unfinished'; error: StemmaError | undefined }

/** Has the registry check the digest of an upload and store the blob. A lost reply is made up for: the blob is there then. */
export async function finishUpload(
  context: BytesContext,
  upload: { id: string; digest: Digest; sizeBytes: number },
  signal: AbortSignal | undefined
): Promise<FinishAnswer> {
  const { id, digest, sizeBytes } = upload
  const reply = await context.transport.send(ROUTES.finishUpload, {
    parameters: { id },
    query: { digest },
    statuses: [201, 404, 409, 422],
    patience: BYTES_PATIENCE,
    signal
  })
  const { error } = reply
  if (reply.status === 201) {
    const blob = parse(storedBlobSchema, reply.json, { what: 'the reply to a finished upload', code: 'PROTOCOL_ERROR' })
    return { kind: 'stored', blob: { digest: blob.digest, sizeBytes: blob.sizeBytes, existed: blob.existed } }
  }
  if (reply.status === 422) return { kind: 'refused', error }
  if (reply.status === 404) {
    const [isStored] = await keepBlobs(context, [digest], { signal, sizes: [sizeBytes] })
    if (isStored === true) return { kind: 'stored', blob: { digest, sizeBytes, existed: true } }
  }
  return { kind: 'unfinished', error }
}
