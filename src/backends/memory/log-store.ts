import { encodeModelName } from '../../record/model-name.js'
import type { LogStore } from '../journal/log-store.js'

/** Journals in this process's memory. */
export function createMemoryLogStore(): LogStore {
  const journals = new Map<string, Uint8Array[]>()
  const snapshots = new Map<string, Uint8Array>()
  const waiting = new Map<string, Set<() => void>>()

  return {
    fileName: (model, slot) => {
      const folder = `models/${encodeModelName(model)}`
      return slot === 'snapshot' ? `${folder}/snapshot.json` : `${folder}/log/${String(slot).padStart(20, '0')}.json`
    },
    models: () => Promise.resolve([...journals.keys()]),
    read: (model, n) => Promise.resolve(journals.get(model)?.[n]),
    has: (model, n) => n < (journals.get(model)?.length ?? 0),
    assertPresent: () => Promise.resolve(),
    slots: (model) => Promise.resolve({ numbers: [...(journals.get(model) ?? []).keys()], foreign: [] }),
    create(model, n, bytes) {
      const journal = journals.get(model) ?? []
      if (n !== journal.length) return Promise.resolve({ outcome: 'exists' })
      journal.push(bytes)
      journals.set(model, journal)
      for (const wake of waiting.get(model) ?? []) wake()
      return Promise.resolve({ outcome: 'created' })
    },
    harden: () => Promise.resolve({ outcome: 'durable' }),
    readSnapshot: (model) => Promise.resolve(snapshots.get(model)),
    writeSnapshot(model, bytes) {
      snapshots.set(model, bytes)
      return Promise.resolve()
    },
    waitForChange: (model, { signal }) =>
      new Promise((resolve, reject) => {
        const waiters = waiting.get(model) ?? new Set()
        waiting.set(model, waiters)
        const end = (): void => {
          waiters.delete(wake)
          if (waiters.size === 0 && waiting.get(model) === waiters) waiting.delete(model)
          signal?.removeEventListener('abort', abort)
        }
        const wake = (): void => {
          end()
          resolve()
        }
        const abort = (): void => {
          end()
          reject(signal?.reason as Error)
        }
        if (signal?.aborted) {
          abort()
        } else {
          waiters.add(wake)
          signal?.addEventListener('abort', abort, { once: true })
        }
      })
  }
}
