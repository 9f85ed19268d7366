import type { Filter } from '../schemas/search.js'
import type { Fail } from './query-error.js'

/** How deep a filter may nest `and`, `or` and `not`. */
export const MAX_FILTER_DEPTH = 32
/** How many comparisons a filter may have. */
export const MAX_COMPARISONS = 1_000
/** How many values an `in` may list. */
export const MAX_LISTED_VALUES = 1_000
/** How long a `like` pattern may be, in UTF-16 code units. */
export const MAX_PATTERN_LENGTH = 1_000
/** How long the text of a filter or an order may be, in UTF-8 bytes. */
export const MAX_QUERY_BYTES = 64 * 1024

/**
 * Joins filters that are in simplest form to one that is: no `and` right inside an `and`, no `or` inside an `or`, neither
 * with a single member. That is why `a and (b and c)`, `a and b and c` and the typed forms of both are the same filter.
 * None at all: `and` of nothing holds for every version, `or` of nothing for none.
 */
export function combineFilters(kind: 'and' | 'or', filters: readonly Filter[]): Filter {
  const flat = filters.flatMap((filter) => (filter.kind === kind ? filter.filters : [filter]))
  const only = flat[0]
  return flat.length === 1 && only !== undefined ? only : { kind, filters: flat }
}

/** Calls `fail` for a filter that is deeper or has more comparisons than allowed. */
export function checkFilterLimits(filter: Filter, fail: Fail): void {
  const { depth, comparisons } = measure(filter)
  if (depth > MAX_FILTER_DEPTH) failDepth(fail)
  if (comparisons > MAX_COMPARISONS) failComparisons(fail)
}

/** Says that a filter is too deep. */
export function failDepth(fail: Fail): never {
  return fail(`the filter is nested deeper than ${MAX_FILTER_DEPTH} levels`, 'Write it flatter, for instance with in (…)')
}

/** Says that a filter has too many comparisons. */
export function failComparisons(fail: Fail): never {
  return fail(`the filter has more than ${MAX_COMPARISONS} comparisons`, 'List the values of one field with in (…), or search several times')
}

function measure(filter: Filter): { depth: number; comparisons: number } {
  if (filter.kind === 'compare') return { depth: 1, comparisons: 1 }
  const inner = (filter.kind === 'not' ? [filter.filter] : filter.filters).map(measure)
  return {
    depth: 1 + inner.reduce((deepest, { depth }) => Math.max(deepest, depth), 0),
    comparisons: inner.reduce((sum, { comparisons }) => sum + comparisons, 0)
  }
}
