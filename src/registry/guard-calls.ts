import { ownFields, ownOptions } from './own-options.js'
import type { Registry } from './registry.js'

// The names that options may have. `registry` is for root functions, which pass their options on.
const CALL = ['signal', 'registry'] as const
const TRANSFER = [...CALL, 'onProgress'] as const
const MUTATION = [...CALL, 'operationId', 'actor'] as const

/** A registry whose verbs look at the shape of what they are given before anything else; see `ownOptions`. */
export function guardCalls(registry: Registry): Registry {
  return {
    ...registry,
    get capabilities() {
      return registry.capabilities
    },
    get policy() {
      return registry.policy
    },
    logModel: async (input, options) => registry.logModel(ownFields(input, 'logModel input'), ownOptions(options, 'logModel options', [...MUTATION, 'onProgress', 'offline'])),
    getModel: async (reference, options) => registry.getModel(reference, ownOptions(options, 'getModel options', [...TRANSFER, 'into', 'overwrite', 'include', 'verify', 'fallback', 'environmentFiles'])),
    getVersion: async (reference, options) => registry.getVersion(reference, ownOptions(options, 'getVersion options', CALL)),
    findVersion: async (reference, options) => registry.findVersion(reference, ownOptions(options, 'findVersion options', CALL)),
    transitionStage: async (reference, stage, options) =>
      registry.transitionStage(reference, stage, ownOptions(options, 'transitionStage options', [...MUTATION, 'audience', 'reason', 'expectedCurrent'])),
    rollback: async (name, options) => registry.rollback(name, ownOptions(options, 'rollback options', [...MUTATION, 'onProgress', 'audience', 'reason', 'to', 'expectedCurrent'])),
    updateMetadata: async (reference, changes, options) =>
      registry.updateMetadata(reference, ownFields(changes, 'updateMetadata changes'), ownOptions(options, 'updateMetadata options', MUTATION)),
    deleteVersion: async (reference, options) => registry.deleteVersion(reference, ownFields(options, 'deleteVersion options', [...MUTATION, 'reason'])),
    models: (options) => lazily(() => registry.models(ownOptions(options, 'models options', CALL))),
    versions: (name, options) => lazily(() => registry.versions(name, ownOptions(options, 'versions options', [...CALL, 'includeDeleted']))),
    search: (query, options) => lazily(() => registry.search(query, ownOptions(options, 'search options', CALL))),
    history: (nameOrReference, options) => lazily(() => registry.history(nameOrReference, ownOptions(options, 'history options', CALL))),
    lineage: async (origin, options) => registry.lineage(origin, ownOptions(options, 'lineage options', [...CALL, 'direction', 'maxHops'])),
    compare: async (a, b, options) => registry.compare(a, b, ownOptions(options, 'compare options', CALL)),
    verify: async (reference, options) => registry.verify(reference, ownOptions(options, 'verify options', TRANSFER)),
    collectGarbage: async (options) => registry.collectGarbage(ownOptions(options, 'collectGarbage options', [...TRANSFER, 'dryRun', 'graceMs', 'force'])),
    outbox: (options) => lazily(() => registry.outbox(ownOptions(options, 'outbox options', CALL))),
    flushOutbox: async (options) => registry.flushOutbox(ownOptions(options, 'flushOutbox options', TRANSFER)),
    discardQueued: async (id, options) => registry.discardQueued(id, ownOptions(options, 'discardQueued options', CALL)),
    watch: (reference, options) => lazily(() => registry.watch(reference, ownOptions(options, 'watch options', CALL))),
    resolveCommit: async (name, commitId, options) => registry.resolveCommit(name, commitId, ownOptions(options, 'resolveCommit options', CALL))
  }
}

/** What is wrong with a call is told when the first item is asked for, as all its failures are. */
async function* lazily<T>(begin: () => AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  yield* begin()
}
