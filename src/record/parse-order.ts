import type { ParsedSearch } from '../schemas/search.js'
import { parseFieldPath } from './field-path.js'
import { readTokens } from './filter-lexer.js'
import { queryEntryError, quoteForMessage, type Fail } from './query-error.js'
import { checkField } from './search-fields.js'
import { createTokenReader } from './token-reader.js'

const MAX_ORDER_KEYS = 16

/** The order of results in parsed form. */
export type ParsedOrder = ParsedSearch['orderBy']

/** Newest first: what a search without an order has. */
export const DEFAULT_ORDER: ParsedOrder = [{ field: ['createdAt'], direction: 'desc' }]

/**
 * Reads the text form of an order, `metrics.auc desc, name`: fields with `asc` (the default) or `desc`, parted by commas.
 *
 * @throws {StemmaError} INVALID_QUERY pointing at the place.
 */
export function parseOrderText(text: string): ParsedOrder {
  const reader = createTokenReader('orderBy', text, readTokens('orderBy', text))
  const keys: ParsedOrder = []
  if (reader.peek().kind === 'end') return keys
  do {
    const token = reader.next()
    if (token.kind !== 'field') return reader.fail(token, `a field is missing before ${reader.show(token)}`, 'For instance: metrics.auc desc, name')
    const after = reader.peek()
    const word = after.kind === 'field' && after.bare ? after.path[0]?.toLowerCase() : undefined
    if (after.kind === 'field') reader.next()
    if (after.kind === 'field' && word !== 'asc' && word !== 'desc') {
      return reader.fail(after, `asc, desc or a comma is wanted instead of ${reader.show(after)}`, 'For instance: metrics.auc desc, name')
    }
    keys.push(readKey(token.path, word === 'desc' ? 'desc' : 'asc', keys.length, reader.failAt(token)))
  } while (reader.take(','))
  const rest = reader.peek()
  if (rest.kind !== 'end') reader.fail(rest, `the order should end before ${reader.show(rest)}`, 'For instance: metrics.auc desc, name')
  return keys
}

/**
 * Reads the typed form of an order.
 *
 * @throws {StemmaError} INVALID_QUERY naming the entry.
 */
export function parseOrderList(orderBy: unknown): ParsedOrder {
  if (!Array.isArray(orderBy)) return failFor('orderBy')('a list or text is wanted', "For instance [{ field: 'metrics.auc', direction: 'desc' }]")
  return orderBy.map((entry: unknown, index) => {
    const fail = failFor(`orderBy[${index}]`)
    if (typeof entry !== 'object' || entry === null || !('field' in entry) || typeof entry.field !== 'string') {
      return fail('an entry names its field', "For instance { field: 'metrics.auc', direction: 'desc' }")
    }
    const other = Object.keys(entry).find((key) => key !== 'field' && key !== 'direction')
    if (other !== undefined) return fail(`there is no ${quoteForMessage(other)} in an order`, 'An entry has field and direction')
    const direction = 'direction' in entry ? entry.direction : undefined
    if (direction !== undefined && direction !== 'asc' && direction !== 'desc') return fail('the direction is neither asc nor desc', 'Write asc or desc')
    return readKey(parseFieldPath(entry.field, fail), direction ?? 'asc', index, fail)
  })
}

function readKey(field: string[], direction: 'asc' | 'desc', index: number, fail: Fail): ParsedOrder[number] {
  if (index >= MAX_ORDER_KEYS) return fail(`the order has more than ${MAX_ORDER_KEYS} fields`, 'Leave out the last ones')
  if (checkField(field, fail) === 'group') return fail('a field that holds several values has no order', 'Name one of its values')
  return { field, direction }
}

function failFor(at: string): Fail {
  return (message, hint) => {
    throw queryEntryError(at, message, hint)
  }
}
