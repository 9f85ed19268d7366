import type { ModelVersion } from '../schemas/model-version.js'
import { keepBodySchema } from '../wire/messages.js'
import { putBatch } from './blobs/put-batch.js'
import { sendBlob } from './blobs/send-blob.js'
import type { ByteHandlers, Call, Handler, ServerContext } from './context.js'
import { publishModel } from './publish/publish-model.js'
import { readJson } from './read-json.js'
import { sendJson } from './reply.js'
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
      async keepBlobs(call) {
        const { digests } = await readJson(call, keepBodySchema)
        const kept = await backend.keepBlobs(digests, { signal: call.signal })
        sendJson(call.outgoing, call.route.status, { missing: digests.filter((_, index) => kept[index] !== true) })
      },
      async publish(call) {
        sendVersion(call, await publishModel(call, context, actorOf))
      }
    },
    openUploads: () => uploads.openUploads(),
    close: () => uploads.close()
  }
}
