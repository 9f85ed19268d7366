import type { Filter, ParsedSearch, SearchQuery } from '../schemas/search.js'
import { MAX_QUERY_BYTES } from './filter-limits.js'
import { parseFilterText } from './filter-parser.js'
import { parseFilterObject } from './filter-typed.js'
import { DEFAULT_ORDER, parseOrderList, parseOrderText, type ParsedOrder } from './parse-order.js'
import { queryEntryError, quoteForMessage } from './query-error.js'
import { nearestNames } from '../util/nearest-names.js'

const KEYS = new Set(['where', 'orderBy', 'limit', 'includeDeleted'])
const encoder = new TextEncoder()

/**
 * Brings a search, whose filter and order are typed or text, to the one form that backends get. Both forms of the same
 * filter give the same result, and what it means is written at `compileFilter`.
 *
 * A filter that asks about `deleted` searches deleted versions too, unless `includeDeleted` is `false`.
 *
 * @throws {StemmaError} INVALID_QUERY naming the place, what is wrong there and what to write instead: unknown fields and
 *   operators, values that the field can never have, more than 32 levels, 1,000 comparisons, or 64 KiB of text.
 * @example
 * ```ts
 * parseSearch({ where: "metrics.auc >= 0.9 and tags.site = 'berlin'", orderBy: 'metrics.auc desc', limit: 20 })
 * parseSearch({ where: { 'metrics.auc': { gte: 0.9 }, 'tags.site': 'berlin' }, limit: 20 })
 * ```
 */
export function parseSearch(query: SearchQuery = {}): ParsedSearch {
  checkQuery(query)
  const filter = parseWhere(query.where)
  const search: ParsedSearch = {
    filter,
    orderBy: parseOrder(query.orderBy),
    includeDeleted: query.includeDeleted ?? asksAboutDeleted(filter)
  }
  if (query.limit !== undefined) search.limit = query.limit
  return search
}

function parseWhere(where: unknown): Filter {
  if (where === undefined) return { kind: 'and', filters: [] }
  if (typeof where !== 'string') return parseFilterObject(where)
  checkSize('where', where)
  return parseFilterText(where)
}

function parseOrder(orderBy: unknown): ParsedOrder {
  if (typeof orderBy === 'string') checkSize('orderBy', orderBy)
  const keys = orderBy === undefined ? [] : typeof orderBy === 'string' ? parseOrderText(orderBy) : parseOrderList(orderBy)
  return keys.length === 0 ? structuredClone(DEFAULT_ORDER) : keys
}

function checkQuery(query: unknown): void {
  if (typeof query !== 'object' || query === null || Array.isArray(query)) {
    throw queryEntryError('search', 'a query is wanted', "For instance { where: { stage: 'production' }, limit: 20 }")
  }
  for (const key of Object.keys(query)) {
    if (KEYS.has(key)) continue
    throw queryEntryError('search', `there is no ${quoteForMessage(key)} in a query`, `Nearest first: ${nearestNames(key, KEYS).join(', ')}. Filters go into where`)
  }
  const limit: unknown = 'limit' in query ? query.limit : undefined
  if (limit !== undefined && !(typeof limit === 'number' && Number.isSafeInteger(limit) && limit >= 0)) {
    throw queryEntryError('limit', 'a whole number from 0 up is wanted', 'Leave limit out for all results')
  }
  const includeDeleted: unknown = 'includeDeleted' in query ? query.includeDeleted : undefined
  if (includeDeleted !== undefined && typeof includeDeleted !== 'boolean') throw queryEntryError('includeDeleted', 'true or false is wanted', 'Leave it out for false')
}

function checkSize(what: string, text: string): void {
  if (text.length <= MAX_QUERY_BYTES && encoder.encode(text).length <= MAX_QUERY_BYTES) return
  throw queryEntryError(what, `the text is longer than ${MAX_QUERY_BYTES} bytes`, 'Search several times with shorter filters')
}

function asksAboutDeleted(filter: Filter): boolean {
  if (filter.kind === 'compare') return filter.field[0] === 'deleted'
  return filter.kind === 'not' ? asksAboutDeleted(filter.filter) : filter.filters.some(asksAboutDeleted)
}
