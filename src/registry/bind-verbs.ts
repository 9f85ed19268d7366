import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { openModelCache } from '../artifacts/cache/model-cache.js'
import { defaultCacheRoot } from '../artifacts/cache-root.js'
import type { Backend } from '../backends/backend.js'
import { createNodeStoreFs } from '../io/node-store-fs.js'
import type { Sources } from '../util/sources.js'
import { collectGarbage } from './collect-garbage.js'
import { compare } from './compare.js'
import type { RegistryContext } from './context.js'
import { defaultOutbox } from './default-target.js'
import { deleteVersion } from './delete-version.js'
import { findVersion } from './find-version.js'
import { getModel } from './get-model.js'
import { getVersion } from './get-version.js'
import { history } from './history.js'
import type { laterVerbs } from './later-verbs.js'
import { lineage } from './lineage.js'
import { models } from './models.js'
import type { OpenRegistryOptions } from './open-registry.js'
import type { Registry } from './registry.js'
import { withContext } from './registry-context.js'
import { resolveCommit } from './resolve-commit.js'
import { rollback } from './rollback.js'
import { transitionStage } from './transition-stage.js'
import { updateMetadata } from './update-metadata.js'
import { verify } from './verify.js'
import { versions } from './versions.js'
import { watch } from './watch.js'

/**
 * The verbs of a registry over an open backend, not yet guarded against what callers may get wrong.
 *
 * @param backend closed together with the registry
 * @param options checked; what is absent does not come from the environment, but for the folders
 */
export function bindVerbs(backend: Backend, options: OpenRegistryOptions, sources: Sources): Registry {
  let closing: Promise<void> | undefined
  const closed = new AbortController()
  const context: RegistryContext = {
    backend,
    sources,
    logger: options.logger ?? {},
    cache: openModelCache({ root: resolve(options.cache ?? defaultCacheRoot(process.env, homedir())), fs: createNodeStoreFs(sources), sources }),
    outbox: () => (options.outbox === undefined ? defaultOutbox() : resolve(options.outbox)),
    actor: options.actor,
    signal: options.signal,
    closed: closed.signal
  }
  const close = (): Promise<void> => {
    closed.abort()
    return (closing ??= backend.close())
  }
  const registry: Registry = {
    location: backend.location,
    // One that could not be reached when it was opened says later what it can.
    get capabilities() {
      return backend.capabilities
    },
    get policy() {
      return backend.policy
    },
    logModel: (input, callOptions) => later().then((verbs) => verbs.logModel(context, input, callOptions)),
    getModel: (reference, callOptions) => getModel(context, reference, callOptions),
    getVersion: (reference, callOptions) => getVersion(context, reference, callOptions),
    findVersion: (reference, callOptions) => findVersion(context, reference, callOptions),
    transitionStage: (reference, stage, callOptions) => transitionStage(context, reference, stage, callOptions),
    rollback: (name, callOptions) => rollback(context, name, callOptions),
    updateMetadata: (reference, changes, callOptions) => updateMetadata(context, reference, changes, callOptions),
    deleteVersion: (reference, callOptions) => deleteVersion(context, reference, callOptions),
    models: (callOptions) => models(context, callOptions),
    versions: (name, callOptions) => versions(context, name, callOptions),
    search: (query, callOptions) => listing(async () => (await later()).search(context, query, callOptions)),
    history: (nameOrReference, callOptions) => history(context, nameOrReference, callOptions),
    lineage: (origin, callOptions) => lineage(context, origin, callOptions),
    compare: (a, b, callOptions) => compare(context, a, b, callOptions),
    verify: (reference, callOptions) => verify(context, reference, callOptions),
    collectGarbage: (callOptions) => collectGarbage(context, callOptions),
    outbox: (callOptions) => listing(async () => (await later()).outbox(context, callOptions)),
    flushOutbox: (callOptions) => later().then((verbs) => verbs.flushOutbox(context, callOptions)),
    discardQueued: (id, callOptions) => later().then((verbs) => verbs.discardQueued(context, id, callOptions)),
    watch: (reference, callOptions) => watch(context, reference, callOptions),
    resolveCommit: (name, commitId, callOptions) => resolveCommit(context, name, commitId, callOptions),
    close,
    [Symbol.asyncDispose]: close
  }
  return withContext(registry, context)
}

async function later(): Promise<typeof laterVerbs> {
  return (await import('./later-verbs.js')).laterVerbs
}

async function* listing<T>(begin: () => Promise<AsyncIterable<T>>): AsyncGenerator<T, void, undefined> {
  yield* await begin()
}
