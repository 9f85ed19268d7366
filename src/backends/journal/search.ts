import { compileOrder } from '../../record/compile-order.js'
import { compileFilter } from '../../record/match-filter.js'
import { selectTop } from '../../record/select-top.js'
import type { ModelVersion } from '../../schemas/model-version.js'
import type { ParsedSearch } from '../../schemas/search.js'
import type { CallOptions } from '../../util/options.js'
import type { Engine } from './engine.js'
import type { AllVersions } from './load-all.js'
import { completeAll } from './read-model.js'

/** See `Backend.search`. */
export async function* search(
  engine: Engine,
  allVersions: AllVersions,
  query: ParsedSearch,
  options: CallOptions
): AsyncGenerator<ModelVersion> {
  const passes = compileFilter(query.filter)
  const all = await allVersions(options)
  const found = all.filter((version) => (query.includeDeleted || version.deleted === undefined) && passes(version))
  yield* completeAll(engine, selectTop(found, compileOrder(query.orderBy), query.limit), options)
}
