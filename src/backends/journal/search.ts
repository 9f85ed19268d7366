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
  const table = await allVersions(query.includeDeleted, options)
  yield* completeAll(engine, table.search(query), options)
}
