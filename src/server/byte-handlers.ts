import type { ModelVersion } from '../schemas/model-version.js'
import { keep } from './blobs/keep.js'
import { putBatch } from './blobs/put-batch.js'
import { sendBlob } from './blobs/send-blob.js'
import type { ByteHandlers, Call, Handler, ServerContext } from './context.js'
import { publishModel } from './publish/publish-model.js'
import { openUploadFiles } from './uploads/upload-files.js'
import { createUploadHandlers } from './uploads/upload-handlers.js'
import { createUploadStore } from './uploads/upload-store.js'

/** What the routes that move bytes share with the others. */
export interface ByteHandlerParts {
  /** Who it was, for the history, by what the request says. */
  readonly actorOf: (call: Call, said: string | undefined) => string | undefined
  /** Answers with a version. */
  readonly sendVersion: (call: Call, version: ModelVersion) => void
}

/** Makes the handlers of the routes that move bytes. */
export async function openByteHandlers(context: ServerContext, { actorOf, sendVersion }: ByteHandlerParts): Promise<ByteHandlers> {
  const { backend, sources, limits } = context
  const uploads = createUploadStore({ backend, sources, files: await openUploadFiles(backend.uploadFolder), ...limits })
  const blob: Handler = (call) => sendBlob(call, backend)
  return {
    handlers: {
      ...createUploadHandlers(uploads),
      blob,
      blobSize: blob,
      putBlobs: (call) => putBatch(call, backend),
      keepBlobs: (call) => keep(call, context),
      async publish(call) {
        sendVersion(call, await publishModel(call, context, actorOf))
      }
    },
    openUploads: () => uploads.openUploads(),
    close: () => uploads.close()
  }
}
