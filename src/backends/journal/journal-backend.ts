import { StemmaError } from '../../errors/stemma-error.js'
import { DEFAULT_POLICY, type Policy } from '../../schemas/policy.js'
import { LIBRARY } from '../../util/library.js'
import { systemSources, type Sources } from '../../util/sources.js'
import type { Backend, BackendCapabilities } from '../backend.js'
import type { BlobStore } from './blob-store.js'
import { JOURNAL_CAPABILITIES } from './capabilities.js'
import { changes } from './changes.js'
import type { Engine, Warn, Writer } from './engine.js'
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
  /** What the registry is called in messages: a path or an address without credentials. */
  location: string
  log: LogStore
  blobs: BlobStore
  /** What the two stores let the backend promise; the engine promises the rest. */
  capabilities: Pick<BackendCapabilities, 'durable' | 'localFiles'> & Partial<BackendCapabilities>
  /** @default the built-in stages, every move allowed */
  policy?: Policy | undefined
  /** @default the machine's clock and randomness */
  sources?: Sources | undefined
  /** See `Backend.uploadFolder`. @default none */
  uploadFolder?: string | undefined
  /** Who writes, as each event says. @default a random id and this version of stemma */
  writer?: Writer | undefined
  /** Told what was got over, but should be looked at: a clock that is wrong. @default nobody */
  warn?: Warn | undefined
  /** Called once, by the first `close`, after the last write has ended. */
  release?: (() => Promise<void>) | undefined
}

/**
 * A backend that keeps every model as a journal of events. All rules about versions, stages and conflicts are here and in
 * `record/`; the two stores only keep bytes.
 *
 * @example
 * ```ts
 * const backend = createJournalBackend({ location: 's3://models', log, blobs, capabilities: { durable: true, localFiles: false } })
 * await using registry = createRegistry(backend)
 * ```
 */
export function createJournalBackend(options: JournalBackendOptions): Backend {
  const { location, log, blobs, policy = DEFAULT_POLICY, sources = systemSources } = options
  const capabilities = { ...JOURNAL_CAPABILITIES, ...options.capabilities }
  const writer = options.writer ?? { id: Buffer.from(sources.randomBytes(8)).toString('hex'), library: LIBRARY }
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
    warn: options.warn ?? (() => undefined),
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
