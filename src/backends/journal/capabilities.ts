import type { BackendCapabilities } from '../backend.js'

/** What every backend over the journal promises, whatever keeps its bytes. */
export const JOURNAL_CAPABILITIES: Omit<BackendCapabilities, 'durable' | 'localFiles'> = {
  compareAndSet: true,
  atomicTransition: true,
  history: true,
  timeTravel: true,
  idempotentMutations: true,
  garbageCollection: true
}
