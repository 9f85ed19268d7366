import type { StemmaError } from '../errors/stemma-error.js'
import { DEFAULT_POLICY } from '../schemas/policy.js'
import type { Backend } from './backend.js'

/**
 * A backend in the place of one that could not be opened: whatever is asked of it rejects with the error that opening met. What
 * needs no backend, as a version in the cache, can be had all the same.
 *
 * @param location what the registry would be called had it been opened.
 */
export function unreachableBackend(location: string, error: StemmaError): Backend {
  const refuse = (): Promise<never> => Promise.reject(error)
  const refuseAll = (): AsyncIterable<never> => ({ [Symbol.asyncIterator]: () => ({ next: refuse }) })
  return {
    location,
    capabilities: {
      compareAndSet: false,
      atomicTransition: false,
      history: false,
      timeTravel: false,
      idempotentMutations: false,
      durable: false,
      garbageCollection: false,
      localFiles: false
    },
    policy: DEFAULT_POLICY,
    uploadFolder: undefined,
    keepBlobs: refuse,
    putBlobs: refuse,
    openBlob: refuseAll,
    localBlobPath: () => undefined,
    createVersion: refuse,
    transition: refuse,
    rollback: refuse,
    updateMetadata: refuse,
    deleteVersion: refuse,
    resolve: refuse,
    models: refuseAll,
    versions: refuseAll,
    search: refuseAll,
    history: refuseAll,
    lineage: refuse,
    verify: refuse,
    collectGarbage: refuse,
    changes: refuseAll,
    resolveCommit: refuse,
    close: () => Promise.resolve()
  }
}
