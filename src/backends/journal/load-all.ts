import type { ModelState } from '../../record/model-state.js'
import { createVersionTable, type VersionTable } from '../../record/version-table.js'
import { mapLimited } from '../../util/map-limited.js'
import type { CallOptions } from '../../util/options.js'
import type { Engine } from './engine.js'

const CONCURRENT_LOADS = 16

/**
 * The states of all models that have an event, in no special order. Those that nothing was added to cost a few probes each.
 *
 * @throws {StemmaError} LOG_CORRUPT, LOG_GAP, ROLLBACK_DETECTED, FORMAT_TOO_NEW.
 */
export async function loadAll(engine: Engine, options: CallOptions): Promise<ModelState[]> {
  // A model that was met before and is not listed now was taken away: loading it says so.
  const names = new Set([...(await engine.log.models(options)), ...engine.states.known().keys()])
  options.signal?.throwIfAborted()
  const states: ModelState[] = []
  const stale: string[] = []
  for (const name of names) {
    const fresh = engine.states.fresh(name)
    if (fresh) states.push(fresh.state)
    else stale.push(name)
  }
  const loaded = await mapLimited(stale, CONCURRENT_LOADS, async (name) => {
    options.signal?.throwIfAborted()
    return (await engine.states.load(name)).state
  })
  for (const state of loaded) {
    // A folder without an event is what a writer left that died before its first.
    if (state.head.n >= 0) states.push(state)
  }
  return states
}

/** All versions of all models as one table, made once and kept while no model changes; deleted ones only if asked for. */
export type AllVersions = (includeDeleted: boolean, options: CallOptions) => Promise<VersionTable>

/** Keeps the tables that a search runs over. */
export function createAllVersions(engine: Engine): AllVersions {
  let revision = -1
  let modelCount = 0
  let all = createVersionTable([])
  let present = all
  return async (includeDeleted, options) => {
    const states = await loadAll(engine, options)
    // Models never go away, so as many of them as before are the same ones.
    if (engine.states.revision() !== revision || states.length !== modelCount) {
      revision = engine.states.revision()
      modelCount = states.length
      all = createVersionTable(states.flatMap((state) => state.versions))
      const kept = all.versions.filter((version) => version.deleted === undefined)
      present = kept.length === all.versions.length ? all : createVersionTable(kept)
    }
    return includeDeleted ? all : present
  }
}
