import { formatReference } from '../../record/format-reference.js'
import type { Patience } from '../../transport/endpoint.js'
import { ROUTES } from '../../wire/routes.js'
import type { Backend } from '../backend.js'
import { changes } from './changes.js'
import type { Closing } from './closing.js'
import type { HttpContext } from './http-context.js'
import { createVersion, deleteVersion, rollback, transition, updateMetadata } from './mutations.js'
import { takingOwnedFiles } from './owned-files.js'
import { history, lineage, models, resolve, resolveCommit, search, versionsOf } from './reads.js'
import { runLong } from './run-long.js'

/** For who has an answer of its own when there is none soon. One more attempt, since a connection that was kept may have ended unnoticed. */
const HASTE: Patience = { retries: 1, totalMs: 2_000, idleMs: 2_000 }

const HOUR_MS = 3_600_000

/**
 * The backend over HTTP: every call first makes sure that the registry has said what it is.
 */
export function createHttpBackend(context: HttpContext, blobs: Pick<Backend, 'keepBlobs' | 'putBlobs' | 'openBlob'>, closing: Closing): Backend {
  const { connection, transport } = context
  const putBlobs = takingOwnedFiles(blobs.putBlobs)

  const once = <T>(options: { signal?: AbortSignal | undefined }, run: (signal: AbortSignal) => Promise<T>, patience?: Patience): Promise<T> =>
    closing.once(options.signal, async (signal) => {
      await connection.ready({ signal, patience })
      return run(signal)
    })
  const each = <T>(options: { signal?: AbortSignal | undefined }, run: (signal: AbortSignal) => AsyncIterable<T>): AsyncIterable<T> =>
    closing.each(options.signal, async function* (signal) {
      await connection.ready({ signal })
      yield* run(signal)
    })

  return {
    location: transport.location,
    get capabilities() {
      return { ...connection.info().capabilities, localFiles: false }
    },
    get policy() {
      return connection.info().policy
    },
    uploadFolder: undefined,
    localBlobPath: () => undefined,

    keepBlobs: (digests, options) => once(options, (signal) => blobs.keepBlobs(digests, { ...options, signal })),
    putBlobs: (sources, options) => once(options, (signal) => putBlobs(sources, { ...options, signal })),
    openBlob: (digest, options) => each(options, (signal) => blobs.openBlob(digest, { ...options, signal })),

    createVersion: (request, options) => once(options, (signal) => createVersion(context, request, options, signal)),
    transition: (request, options) => once(options, (signal) => transition(context, request, options, signal)),
    rollback: (request, options) => once(options, (signal) => rollback(context, request, options, signal)),
    updateMetadata: (request, options) => once(options, (signal) => updateMetadata(context, request, options, signal)),
    deleteVersion: (request, options) => once(options, (signal) => deleteVersion(context, request, options, signal)),

    resolve: (reference, options) => {
      const patience = options.hasFallback === true ? HASTE : undefined
      return once(options, (signal) => resolve(context, reference, signal, patience), patience)
    },
    models: (options) => each(options, (signal) => models(context, signal)),
    versions: (name, options) => each(options, (signal) => versionsOf(context, name, options.includeDeleted, signal)),
    search: (query, options) => each(options, (signal) => search(context, query, signal)),
    history: (target, options) => each(options, (signal) => history(context, target, signal)),
    lineage: (request, options) => once(options, (signal) => lineage(context, request, signal)),
    resolveCommit: (name, commitId, options) => once(options, (signal) => resolveCommit(context, name, commitId, signal)),

    verify: ({ reference }, options) =>
      once(options, (signal) => runLong(context, ROUTES.verify, { body: { reference: reference && formatReference(reference) }, signal }, options)),
    // Whoever asks for a shorter grace than an hour has said by `force` that nobody writes: the verb has checked it.
    collectGarbage: ({ dryRun, graceMs }, options) =>
      once(options, (signal) => runLong(context, ROUTES.garbage, { body: { dryRun, graceMs: Math.max(0, graceMs), force: graceMs < HOUR_MS }, signal }, options)),
    changes: (name, options) => endedByClosing(closing, each(options, (signal) => changes(context, name, signal))),

    async close() {
      await closing.close()
      transport.close()
    }
  }
}

/** Items that end, and do not fail, when the backend is closed while they are waited for. */
async function* endedByClosing<T>(closing: Closing, items: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  const wasClosed = closing.isClosed()
  try {
    yield* items
  } catch (error) {
    if (wasClosed || !closing.isClosed()) throw error
  }
}
