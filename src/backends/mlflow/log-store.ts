import { isStemmaError } from '../../errors/stemma-error.js'
import type { Sources } from '../../util/sources.js'
import type { LogStore } from '../journal/log-store.js'
import type { Journal } from './journal.js'

/** How often a watcher asks, milliseconds. */
const POLL_MS = 500

/** What {@link createMlflowLogStore} needs. */
export interface MlflowLogStoreOptions {
  readonly journal: Journal
  /** Name of the journal's registered model, for messages. */
  readonly journalName: string
  readonly sources: Sources
  /** The manifest that a new event names, when it is to go with it. */
  readonly manifestOf: (event: Uint8Array) => string | undefined
}

/** Journals of models as entries of the one journal on the server. Slots have no gaps: what is read before was read for good. */
export function createMlflowLogStore({ journal, journalName, sources, manifestOf }: MlflowLogStoreOptions): LogStore {
  return {
    fileName: (model, slot) => `${journalName}/${model}/${slot}`,
    async models(options) {
      await journal.refresh(options)
      return journal.models()
    },
    read: (model, n) => Promise.resolve(journal.slots(model)[n]),
    has(model, n) {
      const known = journal.slots(model).length
      if (n < known) return true
      // Behind the next slot there is nothing, as long as that is free.
      if (n > known || journal.isFresh()) return false
      return (async () => {
        await journal.refresh({})
        return n < journal.slots(model).length
      })()
    },
    assertPresent: () => Promise.resolve(),
    async slots(model, options) {
      await journal.refresh(options)
      return { numbers: [...journal.slots(model).keys()], foreign: [] }
    },
    async create(model, n, bytes) {
      try {
        return { outcome: (await journal.append({ model, n, bytes, manifest: manifestOf(bytes) }, {})) ? 'created' : 'exists' }
      } catch (cause) {
        if (!isStemmaError(cause, 'REGISTRY_UNAVAILABLE', 'PROTOCOL_ERROR')) throw cause
        // Where it cannot be read what came of it, that stays open. Sent again, with the same bytes, it is the same event.
        await journal.asOfNow(() => journal.refresh({})).catch(() => undefined)
        return { outcome: 'uncertain', cause }
      }
    },
    harden: () => Promise.resolve({ outcome: 'durable' }),
    readSnapshot: () => Promise.resolve(undefined),
    writeSnapshot: () => Promise.resolve(),
    async waitForChange(model, { signal }) {
      const seen = journal.slots(model).length
      while (journal.slots(model).length === seen) {
        await sources.sleep(POLL_MS, signal)
        // Nobody waits for one that ended; a server that is away for a moment is asked again.
        await journal.asOfNow(() => journal.refresh({ signal })).catch((error: unknown) => {
          if (!isStemmaError(error) || !error.retryable) throw error
        })
      }
    }
  }
}
