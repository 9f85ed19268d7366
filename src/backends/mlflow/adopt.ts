import { isStemmaError, type StemmaError } from '../../errors/stemma-error.js'
import { manifestBytes, manifestDigest } from '../../record/manifest.js'
import type { CallOptions } from '../../util/options.js'
import { mapLimited } from '../../util/map-limited.js'
import type { Backend } from '../backend.js'
import type { Connection } from './connection.js'
import { MLFLOW, type MlflowVersion, type RegisteredModel } from './endpoints.js'
import { MAX_INLINE_MANIFEST } from './entries.js'
import { listVersions } from './list-versions.js'
import type { Places } from './places.js'
import { locatePython, readPython } from './read-python.js'
import { stageOf } from './wanted.js'

/** Versions up to this size are read when all models are listed; larger ones only when their model is named. */
const UNASKED_BYTES = 67_108_864
const CONCURRENT_MODELS = 4

/**
 * Takes versions into the journal that were registered without stemma. They are read once, to learn what their bytes are: MLflow keeps
 * no digest.
 */
export interface Adoption {
  /** All versions of a model; what kept one from being taken in, if anything did: the others are there all the same. */
  model(name: string, options: CallOptions): Promise<StemmaError | undefined>
  /** Those of every model on the server that are not large. */
  all(options: CallOptions): Promise<void>
}

/** What {@link createAdoption} works with. */
export interface AdoptionParts {
  readonly inner: Backend
  readonly connection: Connection
  readonly places: Places
}

interface Seen {
  /** When MLflow said, as all models were listed, that this one changed last. */
  updated: number | undefined
  /** All versions up to this number are in the journal. */
  number: number
  /** Versions that were too large to be read unasked. */
  isPartial: boolean
  /** Why a version was passed over. */
  problem: StemmaError | undefined
}

/** What may be over in a moment; anything else is the same as long as the registered model is. */
const PASSING = ['REGISTRY_UNAVAILABLE', 'TOO_MANY_REQUESTS', 'COMMIT_UNKNOWN', 'CONFLICT_RETRIES', 'CLOSED'] as const

/** Remembers what it has looked at. */
export function createAdoption({ inner, connection, places }: AdoptionParts): Adoption {
  const seen = new Map<string, Seen>()
  const running = new Map<string, Promise<unknown>>()
  const { client, names } = connection

  const registeredAs = async (name: string, { signal }: CallOptions): Promise<RegisteredModel> =>
    (await client.call(MLFLOW.getRegisteredModel, { query: { name }, signal })).registered_model

  const adoptOne = async (model: string, row: MlflowVersion, limit: number, options: CallOptions): Promise<boolean> => {
    const located = await locatePython(client, row, options)
    if (located.files.length === 0) return true
    if (located.sizeBytes > limit) return false
    const registered = await registeredAs(row.name, options)
    const request = await readPython(client, model, row, { registered, stages: inner.policy.stages, located }, options)
    const bytes = manifestBytes(request.manifest)
    if (bytes.byteLength > MAX_INLINE_MANIFEST) return true
    const digest = manifestDigest(request.manifest)
    places.remember(digest, Buffer.from(bytes).toString('utf8'))
    places.announce(digest, located.placement)
    // The same one is taken in once, whoever meets it.
    const operationId = `mlflow:${row.name}:${row.version}:${row.creation_timestamp ?? 0}`
    const version = await inner.createVersion(request, { ...options, operationId })
    const stage = stageOf(row.current_stage)
    if (stage === 'none' || !inner.policy.stages.includes(stage)) return true
    const reference = { name: model, selector: { kind: 'version', version: version.version } } as const
    await inner.transition({ reference, stage, reason: 'as it was in MLflow' }, { ...options, operationId: `${operationId}:${stage}` })
    return true
  }

  /** What comes after those that were looked at before: as a rule nothing, or what this process has shown itself. */
  const adoptNew = async (model: string, limit: number, options: CallOptions, updated?: number): Promise<StemmaError | undefined> => {
    const known = seen.get(model)
    const next: Seen = { updated: updated ?? known?.updated, number: known?.number ?? 0, isPartial: false, problem: known?.problem }
    for (const row of await listVersions(client, names.toMlflow(model), { signal: options.signal, after: next.number })) {
      const isOurs = row.tags.some(({ key }) => key === 'stemma.version')
      try {
        if (!isOurs && !(await adoptOne(model, row, limit, options))) next.isPartial = true
      } catch (error) {
        // One that cannot be read, or not by this user, does not hide the others.
        if (!isStemmaError(error)) throw error
        if (isStemmaError(error, ...PASSING)) return error
        next.problem = error
      }
      if (!next.isPartial) next.number = Number(row.version)
    }
    seen.set(model, next)
    return next.problem
  }

  const inTurn = async <T>(model: string, work: () => Promise<T>): Promise<T> => {
    const before = running.get(model) ?? Promise.resolve()
    const turn = before.then(work, work)
    running.set(model, turn)
    try {
      return await turn
    } finally {
      if (running.get(model) === turn) running.delete(model)
    }
  }

  return {
    async model(model, options) {
      options.signal?.throwIfAborted()
      return inTurn(model, () => adoptNew(model, Number.POSITIVE_INFINITY, options))
    },
    async all(options) {
      options.signal?.throwIfAborted()
      let token: string | undefined
      do {
        // Servers look at all versions of each model that they list, and the journal has the most.
        const query = { filter: `name != '${names.journal}'`, max_results: 1_000, page_token: token }
        const page = await client.call(MLFLOW.searchRegisteredModels, { query, signal: options.signal })
        await mapLimited(page.registered_models, CONCURRENT_MODELS, async (registered) => {
          const model = names.fromMlflow(registered.name)
          if (model === undefined) return
          const updated = registered.last_updated_timestamp ?? 0
          if (seen.get(model)?.updated !== updated) await inTurn(model, () => adoptNew(model, UNASKED_BYTES, options, updated))
        })
        token = page.next_page_token === '' ? undefined : page.next_page_token
      } while (token !== undefined)
    }
  }
}
