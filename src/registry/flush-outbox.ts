import { isStemmaError, type StemmaError } from '../errors/stemma-error.js'
import { createNodeStoreFs } from '../io/node-store-fs.js'
import type { ModelVersion } from '../schemas/model-version.js'
import type { TransferOptions } from '../util/options.js'
import { beginCall, type RegistryContext } from './context.js'
import { deliver } from './outbox/deliver.js'
import { isPassing } from './outbox/is-passing.js'
import { listEntries, removeEntry, sweepOutbox } from './outbox/outbox-folder.js'
import { toQueuedModel, type QueuedModel } from './outbox/queued-model.js'

/** What `flushOutbox` did. */
export interface OutboxReport {
  /** The versions that queued models have become, in the order in which they were queued. */
  delivered: ModelVersion[]
  /** Those that the registry refused, for instance since the exact version is taken, and why; they are tried again each time, until `discardQueued(id)`. */
  failed: { id: string; folder: string; queued: QueuedModel | undefined; error: StemmaError }[]
  /** Those that still wait, since the registry is out of reach. */
  waiting: QueuedModel[]
  /** Why they do. */
  because?: StemmaError | undefined
}

/** Delivers what waits in the outbox for this registry; see `Registry.flushOutbox`. */
export async function flushOutbox(context: RegistryContext, options: TransferOptions = {}): Promise<OutboxReport> {
  const signal = beginCall(context, options.signal)
  const fs = createNodeStoreFs(context.sources)
  const outbox = context.outbox()
  const report: OutboxReport = { delivered: [], failed: [], waiting: [] }
  for (const { id, folder, entry, problem } of await listEntries(outbox, fs)) {
    signal?.throwIfAborted()
    if (entry === undefined) {
      if (problem) report.failed.push({ id, folder, queued: undefined, error: problem })
      continue
    }
    if (entry.location !== context.backend.location) continue
    const queued = toQueuedModel(entry, { id, folder })
    if (report.because) {
      report.waiting.push(queued)
      continue
    }
    try {
      report.delivered.push(await deliver(context, folder, entry, { signal, onProgress: options.onProgress }))
      await removeEntry(folder, fs)
    } catch (error) {
      if (signal?.aborted === true || !isStemmaError(error)) throw error
      // Another process has delivered it meanwhile.
      if (!fs.exists(folder)) continue
      if (!isPassing(error)) report.failed.push({ id, folder, queued, error })
      else {
        report.because = error
        report.waiting.push(queued)
      }
    }
  }
  await sweepOutbox(outbox, fs, context.sources.now())
  return report
}
