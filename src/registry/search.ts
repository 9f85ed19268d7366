import { parseSearch } from '../record/parse-search.js'
import type { ModelVersion } from '../schemas/model-version.js'
import type { SearchQuery } from '../schemas/search.js'
import type { CallOptions } from '../util/options.js'
import { beginCall, type RegistryContext } from './context.js'

/** Versions that match a filter; see `Registry.search`. */
export async function* search(
  context: RegistryContext,
  query: SearchQuery | string = {},
  options: CallOptions = {}
): AsyncGenerator<ModelVersion, void, undefined> {
  const signal = beginCall(context, options.signal)
  yield* context.backend.search(parseSearch(typeof query === 'string' ? { where: query } : query), { signal })
}
