import { createNodeStoreFs } from '../../io/node-store-fs.js'
import { isStemmaError } from '../../errors/stemma-error.js'
import type { MutationOptions } from '../../backends/backend.js'
import type { ModelVersion } from '../../schemas/model-version.js'
import { newId } from '../../util/new-id.js'
import type { TransferOptions } from '../../util/options.js'
import type { RegistryContext } from '../context.js'
import { hasStreams, type PreparedLog } from '../log-model/prepare-log.js'
import { publishModel } from '../log-model/publish-model.js'
import { deliver } from './deliver.js'
import { isPassing } from './is-passing.js'
import { removeEntry } from './outbox-folder.js'
import { queueModel, type QueueingCall } from './queue-model.js'
import type { QueuedModel } from './queued-model.js'

/**
 * Publishes a model, or queues it when the registry is out of reach. What may have been committed though no answer came is queued as well:
 * its delivery has the same operation id, and finds what is there.
 *
 * Streams can be read only once, so that a model with streams is queued first, and delivered from the outbox at once.
 */
export async function publishOrQueue(context: RegistryContext, log: PreparedLog, call: MutationOptions & TransferOptions): Promise<ModelVersion | QueuedModel> {
  const own = { ...call, operationId: call.operationId ?? newId(context.sources) }
  if (hasStreams(log)) return publishThroughOutbox(context, log, own)
  try {
    return await publishModel(context, log, own)
  } catch (error) {
    if (call.signal?.aborted === true || !isPassing(error)) throw error
    return tell(context, (await queueModel(context, log, own)).queued, error)
  }
}

/** What is refused or aborted does not stay: its caller was told that there is no version, and none is to come of it later. */
async function publishThroughOutbox(context: RegistryContext, log: PreparedLog, call: QueueingCall): Promise<ModelVersion | QueuedModel> {
  const { queued, entry } = await queueModel(context, log, call)
  const fs = createNodeStoreFs(context.sources)
  const [delivery] = await Promise.allSettled([deliver(context, queued.folder, entry, call)])
  if (delivery.status === 'rejected' && call.signal?.aborted !== true && isPassing(delivery.reason)) return tell(context, queued, delivery.reason)
  await removeEntry(queued.folder, fs)
  if (delivery.status === 'rejected') throw delivery.reason
  return delivery.value
}

function tell({ logger, backend }: RegistryContext, queued: QueuedModel, because?: unknown): QueuedModel {
  logger.warn?.(`the registry ${backend.location} cannot be reached; ${queued.name} waits in ${queued.folder} until flushOutbox()`, {
    code: isStemmaError(because) ? because.code : undefined,
    folder: queued.folder
  })
  return queued
}
