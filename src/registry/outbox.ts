import { createNodeStoreFs } from '../io/node-store-fs.js'
import type { CallOptions } from '../util/options.js'
import { beginCall, type RegistryContext } from './context.js'
import { listEntries } from './outbox/outbox-folder.js'
import { toQueuedModel, type QueuedModel } from './outbox/queued-model.js'

/** What waits in the outbox for this registry, oldest first; see `Registry.outbox`. What is damaged there, `flushOutbox` tells. */
export async function* outbox(context: RegistryContext, options: CallOptions = {}): AsyncGenerator<QueuedModel, void, undefined> {
  const signal = beginCall(context, options.signal)
  for (const { entry, ...place } of await listEntries(context.outbox(), createNodeStoreFs(context.sources))) {
    signal?.throwIfAborted()
    if (entry?.location === context.backend.location) yield toQueuedModel(entry, place)
  }
}
