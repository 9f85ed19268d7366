import { ownFields, ownOptions } from './own-options.js'
import type { Registry } from './registry.js'

/** A registry whose verbs look at the shape of what they are given before anything else; see `ownOptions`. */
export function guardCalls(registry: Registry): Registry {
  return {
    ...registry,
    logModel: async (input, options) => registry.logModel(ownFields(input, 'logModel input'), ownOptions(options, 'logModel options')),
    getModel: async (reference, options) => registry.getModel(reference, ownOptions(options, 'getModel options')),
    getVersion: async (reference, options) => registry.getVersion(reference, ownOptions(options, 'getVersion options')),
    transitionStage: async (reference, stage, options) =>
      registry.transitionStage(reference, stage, ownOptions(options, 'transitionStage options')),
    rollback: async (name, options) => registry.rollback(name, ownOptions(options, 'rollback options')),
    updateMetadata: async (reference, changes, options) =>
      registry.updateMetadata(reference, ownFields(changes, 'updateMetadata changes'), ownOptions(options, 'updateMetadata options')),
    deleteVersion: async (reference, options) => registry.deleteVersion(reference, ownFields(options, 'deleteVersion options')),
    models: (options) => lazily(() => registry.models(ownOptions(options, 'models options'))),
    versions: (name, options) => lazily(() => registry.versions(name, ownOptions(options, 'versions options'))),
    search: (query, options) => lazily(() => registry.search(query, ownOptions(options, 'search options'))),
    history: (nameOrReference, options) => lazily(() => registry.history(nameOrReference, ownOptions(options, 'history options'))),
    lineage: async (origin, options) => registry.lineage(origin, ownOptions(options, 'lineage options')),
    compare: async (a, b, options) => registry.compare(a, b, ownOptions(options, 'compare options')),
    verify: async (reference, options) => registry.verify(reference, ownOptions(options, 'verify options')),
    collectGarbage: async (options) => registry.collectGarbage(ownOptions(options, 'collectGarbage options')),
    watch: (reference, options) => lazily(() => registry.watch(reference, ownOptions(options, 'watch options'))),
    resolveCommit: async (name, commitId, options) => registry.resolveCommit(name, commitId, ownOptions(options, 'resolveCommit options'))
  }
}

/** What is wrong with a call is told when the first item is asked for, as all its failures are. */
async function* lazily<T>(begin: () => AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  yield* begin()
}
