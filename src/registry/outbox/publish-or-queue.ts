import { isStemmaError } from '../../errors/stemma-error.js'
import type { MutationOptions } from '../../backends/backend.js'
import type { ModelVersion } from '../../schemas/model-version.js'
import { newId } from '../../util/new-id.js'
import type { TransferOptions } from '../../util/options.js'
import type { RegistryContext } from '../context.js'
import { flushOutbox } from '../flush-outbox.js'
import { hasStreams, type PreparedLog } from '../log-model/prepare-log.js'
import { publishModel } from '../log-model/publish-model.js'
import { isPassing } from './is-passing.js'
import { queueModel } from './queue-model.js'
import type { QueuedModel } from './queued-model.js'

/**
 * Publishes a model, or queues it when the registry is out of reach. What may have been committed though no answer came is queued as well:
 * its delivery has the same operation id, and finds what is there.
 *
 * Streams can be read only once, so that a model with streams is queued first, and delivered from the outbox at once.
 */
export async function publishOrQueue(context: RegistryContext, log: PreparedLog, call: MutationOptions & TransferOptions): Promise<ModelVersion | QueuedModel> {
  const own = { ...call, operationId: call.operationId ?? newId(context.sources) }
  if (hasStreams(log)) {
    const queued = await queueModel(context, log, own)
    const { delivered, failed } = await flushOutbox(context, { signal: call.signal, onProgress: call.onProgress, only: queued.folder })
    const [failure] = failed
    if (failure) throw failure.error
    return delivered[0] ?? tell(context, queued)
  }
  try {
    return await publishModel(context, log, own)
  } catch (error) {
    if (call.signal?.aborted === true || !isPassing(error)) throw error
    return tell(context, await queueModel(context, log, own), error)
  }
}

function tell({ logger, backend }: RegistryContext, queued: QueuedModel, because?: unknown): QueuedModel {
  logger.warn?.(`the registry ${backend.location} cannot be reached; ${queued.name} waits in ${queued.folder} until flushOutbox()`, {
    code: isStemmaError(because) ? because.code : undefined,
    folder: queued.folder
  })
  return queued
}
