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
  const searched = await allVersions(query.includeDeleted, options)
  const found = searched.filter(compileFilter(query.filter))
  yield* completeAll(engine, selectTop(found, compileOrder(query.orderBy), query.limit), options)
}
