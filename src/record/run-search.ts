import type { VersionSummary } from '../schemas/model-version.js'
import type { ParsedSearch } from '../schemas/search.js'
import { compileAfter, compileOrder } from './compile-order.js'
import { compileFilter } from './match-filter.js'
import { selectTop } from './select-top.js'

/**
 * Answers a search from versions in memory, given in any order: filtered, sorted, begun after the place that is asked for, cut to the
 * limit. Each is looked at once.
 *
 * @example
 * ```ts
 * runSearch(versions, parseSearch({ where: { stage: 'production' }, orderBy: 'metrics.auc desc', limit: 20 }))
 * ```
 */
export function runSearch<T extends VersionSummary>(versions: Iterable<T>, search: ParsedSearch): T[] {
  return selectTop(selectMatching(versions, search), compileOrder(search.orderBy), search.limit)
}

function selectMatching<T extends VersionSummary>(versions: Iterable<T>, search: ParsedSearch): T[] {
  const passes = compileFilter(search.filter)
  const isAfter = search.after === undefined ? undefined : compileAfter(search.orderBy, search.after)
  const found: T[] = []
  for (const version of versions) {
    if ((search.includeDeleted || version.deleted === undefined) && passes(version) && isAfter?.(version) !== false) found.push(version)
  }
  return found
}
