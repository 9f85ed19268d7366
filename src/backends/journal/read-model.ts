import type { ModelState } from '../../record/model-state.js'
import { summarizeModel } from '../../record/model-summary.js'
import { resolveReference } from '../../record/resolve-reference.js'
import { noSuchModel, notYetThere } from '../../record/not-found.js'
import type { ModelSummary, ModelVersion, VersionSummary } from '../../schemas/model-version.js'
import type { Reference } from '../../schemas/reference.js'
import { mapLimited } from '../../util/map-limited.js'
import type { CallOptions } from '../../util/options.js'
import type { Engine } from './engine.js'
import { loadAll } from './load-all.js'

/** Results whose manifests are read at the same time. */
const CONCURRENT_READS = 16

/** The state that a reference is to be looked up in: as it is now, or as it was at `reference.at`. */
export async function stateFor(engine: Engine, { name, at }: Reference, options: CallOptions): Promise<ModelState> {
  const state = await existingState(engine, name, options)
  if (at === undefined || at >= state.head.ts) return state
  const { stateAtTime } = await import('./fold-events.js')
  const past = await stateAtTime(engine, name, state.head.n, at, options)
  if (past.head.n >= 0) return past
  throw notYetThere(state, at)
}

/** @throws {StemmaError} NOT_FOUND with the names most like it when there is no such model. */
export async function existingState(engine: Engine, name: string, options: CallOptions): Promise<ModelState> {
  const { state } = await engine.states.load(name)
  options.signal?.throwIfAborted()
  if (state.head.n < 0) throw noSuchModel(name, await engine.log.models(options))
  return state
}

/** See `Backend.resolve`. */
export async function resolve(engine: Engine, reference: Reference, options: CallOptions): Promise<ModelVersion> {
  const state = await stateFor(engine, reference, options)
  return engine.manifests.complete(resolveReference(state, reference, engine.policy), options)
}

/** See `Backend.models`. */
export async function* models(engine: Engine, options: CallOptions): AsyncGenerator<ModelSummary> {
  const summaries = (await loadAll(engine, options)).map(summarizeModel)
  summaries.sort((left, right) => (left.name < right.name ? -1 : 1))
  yield* summaries
}

/** See `Backend.versions`. */
export async function* versions(
  engine: Engine,
  name: string,
  options: CallOptions & { includeDeleted: boolean }
): AsyncGenerator<ModelVersion> {
  const state = await existingState(engine, name, options)
  const wanted = state.versions.filter((version) => options.includeDeleted || version.deleted === undefined)
  yield* completeAll(engine, wanted.reverse(), options)
}

/** Versions with their artifacts, in the order given. */
export async function* completeAll(engine: Engine, found: readonly VersionSummary[], options: CallOptions): AsyncGenerator<ModelVersion> {
  for (let from = 0; from < found.length; from += CONCURRENT_READS) {
    options.signal?.throwIfAborted()
    yield* await mapLimited(found.slice(from, from + CONCURRENT_READS), CONCURRENT_READS, (version) =>
      engine.manifests.complete(version, options)
    )
  }
}
