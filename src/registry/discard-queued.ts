import { StemmaError } from '../errors/stemma-error.js'
import { createNodeStoreFs } from '../io/node-store-fs.js'
import type { CallOptions } from '../util/options.js'
import { beginCall, type RegistryContext } from './context.js'
import { listEntries, removeEntry } from './outbox/outbox-folder.js'
import { toQueuedModel, type QueuedModel } from './outbox/queued-model.js'

/** Gives up what waits in the outbox; see `Registry.discardQueued`. Asks the registry nothing. */
export async function discardQueued(context: RegistryContext, id: unknown, options: CallOptions = {}): Promise<QueuedModel | undefined> {
  const signal = beginCall(context, options.signal)
  if (typeof id !== 'string') throw new StemmaError('INVALID_INPUT', `the id of what waits in the outbox: wanted a text, found ${typeof id}`)
  const fs = createNodeStoreFs(context.sources)
  const outbox = context.outbox()
  // Only what is listed there is ever removed, whatever the id says.
  const found = (await listEntries(outbox, fs)).find((listed) => listed.id === id)
  const { location } = context.backend
  if (found === undefined) {
    throw new StemmaError('NOT_FOUND', `nothing with the id ${JSON.stringify(id)} waits in ${outbox}`, {
      hint: 'stemma outbox list shows what waits, with its id. What was delivered meanwhile is gone from there.',
      details: { id, outbox }
    })
  }
  if (found.entry !== undefined && found.entry.location !== location) {
    throw new StemmaError('NOT_FOUND', `${id} (${found.entry.name}) waits for another registry, ${found.entry.location}, and not for ${location}`, {
      hint: `Open that one: --registry ${found.entry.location}`,
      details: { id, location: found.entry.location }
    })
  }
  signal?.throwIfAborted()
  await removeEntry(found.folder, fs)
  return found.entry && toQueuedModel(found.entry, found)
}
