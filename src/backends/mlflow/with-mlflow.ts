import { isStemmaError, StemmaError } from '../../errors/stemma-error.js'
import type { ModelVersion } from '../../schemas/model-version.js'
import type { CallOptions } from '../../util/options.js'
import type { Backend } from '../backend.js'
import type { BlobStore } from '../journal/blob-store.js'
import type { ModelStates } from '../journal/model-states.js'
import { createAdoption } from './adopt.js'
import { checkCreateLimits, checkUpdateLimits } from './check-limits.js'
import type { Connection } from './connection.js'
import { createOnServer } from './create-on-server.js'
import type { Journal } from './journal.js'
import type { Mirror } from './mirror.js'
import type { Places } from './places.js'
import type { Spool } from './spool.js'

/** What {@link withMlflow} adds to a journal. */
export interface MlflowParts {
  readonly connection: Connection
  readonly journal: Journal
  readonly states: ModelStates
  readonly places: Places
  readonly blobs: BlobStore
  readonly spool: Spool
  readonly mirror: Mirror
}

/**
 * A journal whose versions are put into MLflow before they are registered, and whose changes are shown there after they are committed.
 * A change counts when it is in the journal: that it cannot be shown is no failure of it, and is made up for by the next one. Before a
 * model is looked at, versions are taken in that were registered without stemma meanwhile.
 */
export function withMlflow(inner: Backend, parts: MlflowParts): Backend {
  const { mirror, connection, journal } = parts
  const adoption = createAdoption({ inner, connection, places: parts.places })
  const create = createOnServer(inner, parts)
  const operations = new Map<string, Promise<ModelVersion>>()
  const pending = new Set<Promise<unknown>>()
  let isClosed = false

  /** Work that `close` waits for. */
  const tracked = async <T>(work: () => Promise<T>): Promise<T> => {
    const running = work()
    const settled = running.catch(() => undefined)
    pending.add(settled)
    try {
      return await running
    } finally {
      pending.delete(settled)
    }
  }
  const adopt = async (model: string | undefined, options: CallOptions): Promise<StemmaError | undefined> => {
    // A closed one is refused by the journal.
    if (isClosed) return undefined
    return tracked(async () => {
      const taken = model === undefined ? adoption.all(options).then(() => undefined) : adoption.model(model, options)
      const [problem] = await Promise.all([taken, journal.refresh(options)])
      return problem
    })
  }
  /** Says of what is not found that there is more than could be taken in. */
  const named = async <T>(model: string | undefined, options: CallOptions, work: () => Promise<T>): Promise<T> => {
    const problem = await adopt(model, options)
    try {
      return await work()
    } catch (error) {
      if (!problem || !isStemmaError(error, 'NOT_FOUND')) throw error
      throw new StemmaError('NOT_FOUND', `${error.message}; a version that was registered in MLflow without stemma could not be taken in: ${problem.message}`, {
        hint: problem.hint ?? error.hint,
        details: error.details,
        cause: problem
      })
    }
  }
  const reading = <T>(model: string | undefined, options: CallOptions, read: () => Promise<T>): Promise<T> =>
    tracked(() => journal.asOfNow(() => named(model, options, read)))
  const changing = (model: string, options: CallOptions, change: () => Promise<ModelVersion>): Promise<ModelVersion> =>
    tracked(async () => {
      const version = await journal.asOfNow(() => named(model, options, change))
      await mirror.update(model).catch(() => undefined)
      return version
    })
  const listing = <T>(model: string | undefined, options: CallOptions, list: () => AsyncIterable<T>): AsyncGenerator<T> =>
    journal.listAsOfNow(async function* () {
      await adopt(model, options)
      yield* list()
    })

  /** The same operation at the same time is not put on the server twice. */
  const createOnce: Backend['createVersion'] = async (request, options) => {
    if (options.operationId === undefined) return create(request, options)
    const key = `${request.name}\n${options.operationId}`
    await operations.get(key)?.catch(() => undefined)
    const running = create(request, options)
    operations.set(key, running)
    try {
      return await running
    } finally {
      if (operations.get(key) === running) operations.delete(key)
    }
  }

  return {
    ...inner,
    async createVersion(request, options) {
      checkCreateLimits(request)
      return changing(request.name, options, () => createOnce(request, options))
    },
    transition: (request, options) => changing(request.reference.name, options, () => inner.transition(request, options)),
    rollback: (request, options) => changing(request.name, options, () => inner.rollback(request, options)),
    async updateMetadata(request, options) {
      checkUpdateLimits(request)
      return changing(request.reference.name, options, () => inner.updateMetadata(request, options))
    },
    deleteVersion: (request, options) => changing(request.reference.name, options, () => inner.deleteVersion(request, options)),
    resolve: (reference, options) => reading(reference.name, options, () => inner.resolve(reference, options)),
    models: (options) => listing(undefined, options, () => inner.models(options)),
    versions: (name, options) => listing(name, options, () => inner.versions(name, options)),
    search: (query, options) => listing(undefined, options, () => inner.search(query, options)),
    history: (target, options) => listing(target.name, options, () => inner.history(target, options)),
    lineage: (request, options) =>
      reading(request.origin.kind === 'version' ? request.origin.reference.name : undefined, options, () => inner.lineage(request, options)),
    verify: (request, options) => reading(request.reference?.name, options, () => inner.verify(request, options)),
    changes: (name, options) => journal.listAsOfNow(() => inner.changes(name, options)),
    resolveCommit: (name, commitId, options) => journal.asOfNow(() => inner.resolveCommit(name, commitId, options)),
    collectGarbage: () =>
      Promise.reject(
        new StemmaError('UNSUPPORTED', `nothing can be collected on ${connection.client.baseUrl}: MLflow keeps the files of each version by itself`, {
          hint: 'Delete runs, logged models and experiments in MLflow, and run mlflow gc.'
        })
      ),
    async close() {
      isClosed = true
      while (pending.size > 0) await Promise.all(pending)
      await mirror.close()
      await inner.close()
    }
  }
}
