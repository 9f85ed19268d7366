import { StemmaError } from '../../errors/stemma-error.js'
import type { Policy } from '../../schemas/policy.js'
import type { Sources } from '../../util/sources.js'
import type { Backend, BackendCapabilities } from '../backend.js'
import type { BlobStore } from './blob-store.js'
import { changes } from './changes.js'
import type { Engine, Writer } from './engine.js'
import { createExclusive } from './exclusive.js'
import { createHardener } from './hardener.js'
import type { LaterVerbs } from './later-verbs.js'
import { createAllVersions } from './load-all.js'
import type { LogStore } from './log-store.js'
import { createManifests } from './manifests.js'
import { createModelStates } from './model-states.js'
import { models, resolve, versions } from './read-model.js'
import { saveSnapshots } from './snapshot.js'

/** What {@link createJournalBackend} builds on. */
export interface JournalBackendOptions {
  /** What the registry is called in messages. */
  location: string
  log: LogStore
  blobs: BlobStore
  policy: Policy
  sources: Sources
  capabilities: BackendCapabilities
  /** See `Backend.uploadFolder`. @default none */
  uploadFolder?: string | undefined
  writer: Writer
  /** Called once, by the first `close`, after the last write has ended. */
  release?: (() => Promise<void>) | undefined
}

/**
 * A backend that keeps every model as a journal of events. All rules about versions, stages and conflicts are here and in
 * `record/`; the two stores only keep bytes.
 */
export function createJournalBackend(options: JournalBackendOptions): Backend {
  const { location, log, blobs, policy, sources, writer, capabilities } = options
  const pending = new Set<Promise<unknown>>()
  const closed = new AbortController()
  const background = (work: Promise<unknown>): void => {
    const settled = work
      .catch(() => undefined)
      .finally(() => {
        pending.delete(settled)
      })
    pending.add(settled)
  }
  const engine: Engine = {
    ...{ location, log, blobs, policy, sources, writer, background },
    states: createModelStates({ log, sources }),
    hardener: createHardener(log),
    manifests: createManifests(blobs),
    exclusive: createExclusive()
  }
  const allVersions = createAllVersions(engine)
  let loading: Promise<LaterVerbs> | undefined
  const later = (): Promise<LaterVerbs> => (loading ??= import('./later-verbs.js').then(({ laterVerbs }) => laterVerbs(engine, allVersions)))
  let closing: Promise<void> | undefined

  const assertOpen = (): void => {
    if (!closed.signal.aborted) return
    throw new StemmaError('CLOSED', `the registry ${location} was closed`, { hint: 'Open it again.', details: { location } })
  }
  /** A verb that is waited for by `close`, and refused after it. */
  const verb = <A extends readonly unknown[], R>(work: (...args: A) => Promise<R>): ((...args: A) => Promise<R>) => {
    return async (...args) => {
      assertOpen()
      const result = work(...args)
      background(result)
      return result
    }
  }
  const listing = <A extends readonly unknown[], R>(work: (...args: A) => AsyncIterable<R>): ((...args: A) => AsyncIterable<R>) => {
    return async function* (...args) {
      assertOpen()
      yield* work(...args)
    }
  }

  return {
    location,
    capabilities,
    policy,
    uploadFolder: options.uploadFolder,
    keepBlobs: verb((digests, call) => blobs.keep(digests, call)),
    putBlobs: verb((items, call) => blobs.put(items, call)),
    openBlob: listing((digest, call) => blobs.open(digest, call)),
    localBlobPath: (digest) => blobs.localPath(digest),
    createVersion: verb(async (request, call) => (await later()).createVersion(request, call)),
    transition: verb(async (request, call) => (await later()).transition(request, call)),
    rollback: verb(async (request, call) => (await later()).rollback(request, call)),
    updateMetadata: verb(async (request, call) => (await later()).updateMetadata(request, call)),
    deleteVersion: verb(async (request, call) => (await later()).deleteVersion(request, call)),
    resolve: verb((reference, call) => resolve(engine, reference, call)),
    models: listing((call) => models(engine, call)),
    versions: listing((name, call) => versions(engine, name, call)),
    search: listing(async function* (query, call) {
      yield* (await later()).search(query, call)
    }),
    history: listing(async function* (target, call) {
      yield* (await later()).history(target, call)
    }),
    lineage: verb(async (request, call) => (await later()).lineage(request, call)),
    verify: verb(async (request, call) => (await later()).verify(request, call)),
    collectGarbage: verb(async (request, call) => (await later()).collectGarbage(request, call)),
    changes: listing((name, call) => changes(engine, name, closed.signal, call)),
    resolveCommit: verb(async (name, commitId, call) => (await later()).resolveCommit(name, commitId, call)),
    close() {
      closed.abort()
      closing ??= (async () => {
        while (pending.size > 0) await Promise.all(pending)
        saveSnapshots(engine)
        while (pending.size > 0) await Promise.all(pending)
        await options.release?.()
      })()
      return closing
    }
  }
}
