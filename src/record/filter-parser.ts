import type { Filter, Operator } from '../schemas/search.js'
import { checkComparison, type Scalar } from './check-comparison.js'
import { formatFieldPath } from './field-path.js'
import {
  checkFilterLimits,
  combineFilters,
  failComparisons,
  failDepth,
  MAX_COMPARISONS,
  MAX_FILTER_DEPTH
} from './filter-limits.js'
import { readTokens, type Keyword, type QuerySymbol, type Token } from './filter-lexer.js'
import { checkField } from './search-fields.js'
import { createTokenReader, type TokenReader } from './token-reader.js'

const COMPARISONS: ReadonlyMap<QuerySymbol, Operator> = new Map([
  ['=', 'eq'],
  ['!=', 'ne'],
  ['<', 'lt'],
  ['<=', 'lte'],
  ['>', 'gt'],
  ['>=', 'gte']
])

/** Operators of other languages, as words. */
const FOREIGN_WORDS: ReadonlyMap<string, (field: string) => string> = new Map([
  ['is', (field) => `Write: ${field} exists, or: ${field} not exists`],
  ['between', (field) => `Write: ${field} >= … and ${field} <= …`],
  ['contains', (field) => `Write: ${field} like '%…%'; a list is asked by ${field} = '…', which holds when any element does`],
  ['ilike', (field) => `Write: ${field} like '…'; case counts`]
])

/**
 * Reads the text form of a filter. `not` binds closer than `and`, `and` closer than `or`; keywords may be in any case.
 *
 * ```text
 * filter     = conjunct { "or" conjunct }
 * conjunct   = term { "and" term }
 * term       = "not" term | "(" filter ")" | "true" | "false" | comparison
 * comparison = field ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
 *            | field [ "not" ] "in" "(" [ value { "," value } ] ")"
 *            | field [ "not" ] "like" text
 *            | field [ "not" ] "exists"  |  "exists" field
 * value      = text | number | "true" | "false"
 * text       = "'" … "'"        a ' inside is doubled; anything else stands for itself, line breaks too
 * field      = see scanFieldPath: metrics.auc, tags."my key"
 * ```
 *
 * `true` and `false` as terms hold for every version and for none; so does an empty text for every version.
 *
 * @throws {StemmaError} INVALID_QUERY pointing at the place.
 */
export function parseFilterText(text: string): Filter {
  const reader = createTokenReader('where', text, readTokens('where', text))
  if (reader.peek().kind === 'end') return { kind: 'and', filters: [] }
  const state: ParserState = { reader, depth: 0, comparisons: 0 }
  const filter = parseAlternatives(state)
  const rest = reader.peek()
  if (rest.kind !== 'end') {
    const closes = rest.kind === 'symbol' && rest.symbol === ')'
    reader.fail(rest, `the filter should end before ${reader.show(rest)}`, closes ? 'Remove it, or open it before' : 'Join comparisons with and, or')
  }
  checkFilterLimits(filter, reader.failAt({ start: 0, end: text.length }))
  return filter
}

interface ParserState {
  reader: TokenReader
  /** How many `not` and parentheses are open: what bounds the recursion. */
  depth: number
  comparisons: number
}

function parseAlternatives(state: ParserState): Filter {
  const filters = [parseConjunct(state)]
  while (state.reader.take('or')) filters.push(parseConjunct(state))
  return combineFilters('or', filters)
}

function parseConjunct(state: ParserState): Filter {
  const filters = [parseTerm(state)]
  while (state.reader.take('and')) filters.push(parseTerm(state))
  return combineFilters('and', filters)
}

function parseTerm(state: ParserState): Filter {
  const { reader } = state
  const token = reader.peek()
  if (reader.take('not')) return nested(state, token, () => ({ kind: 'not', filter: parseTerm(state) }))
  if (reader.take('(')) {
    return nested(state, token, () => {
      const filter = parseAlternatives(state)
      const close = reader.peek()
      if (!reader.take(')')) reader.fail(close, `a ) is missing before ${reader.show(close)}`, 'Close the parenthesis, or join with and, or')
      return filter
    })
  }
  if (reader.take('true')) return { kind: 'and', filters: [] }
  if (reader.take('false')) return { kind: 'or', filters: [] }
  state.comparisons += 1
  if (state.comparisons > MAX_COMPARISONS) failComparisons(reader.failAt(token))
  if (reader.take('exists')) return compare(state, takeField(state), 'exists', true, token)
  return parseComparison(state)
}

function nested(state: ParserState, token: Token, parse: () => Filter): Filter {
  state.depth += 1
  if (state.depth > MAX_FILTER_DEPTH) failDepth(state.reader.failAt(token))
  const filter = parse()
  state.depth -= 1
  return filter
}

function parseComparison(state: ParserState): Filter {
  const { reader } = state
  const start = reader.peek()
  const field = takeField(state)
  const token = reader.peek()
  const operator = token.kind === 'symbol' ? COMPARISONS.get(token.symbol) : undefined
  if (operator !== undefined) {
    reader.next()
    return compare(state, field, operator, takeValue(state), start)
  }
  const negated = reader.take('not')
  const found = negate(negated, parseWordComparison(state, field, negated, start))
  return found
}

function parseWordComparison(state: ParserState, field: string[], negated: boolean, start: Token): Filter {
  const { reader } = state
  if (reader.take('exists')) return compare(state, field, 'exists', !negated, start)
  if (reader.take('in')) return compare(state, field, 'in', takeList(state), start)
  if (reader.take('like')) {
    const pattern = reader.peek()
    if (pattern.kind !== 'text') return reader.fail(pattern, 'like needs a pattern in single quotes', "For instance: tags.site like 'ber%'")
    reader.next()
    return compare(state, field, 'like', pattern.value, start)
  }
  const token = reader.peek()
  const shown = formatFieldPath(field)
  const foreign = token.kind === 'field' && token.bare ? FOREIGN_WORDS.get((token.path[0] ?? '').toLowerCase()) : undefined
  checkField(field, reader.failAt(start))
  return reader.fail(
    token,
    `an operator is missing between ${shown} and ${reader.show(token)}`,
    foreign?.(shown) ?? (negated ? `After ${shown} not, write in, like or exists` : 'Operators are =, !=, <, <=, >, >=, in, like and exists')
  )
}

/** `not exists` is a comparison of its own, as the typed form has it; the others are what `not` of them is. */
function negate(negated: boolean, filter: Filter): Filter {
  return negated && !(filter.kind === 'compare' && filter.operator === 'exists') ? { kind: 'not', filter } : filter
}

function compare(state: ParserState, field: string[], operator: Operator, value: Scalar | Scalar[], start: Token): Filter {
  checkComparison(field, operator, value, state.reader.failAt({ start: start.start, end: state.reader.lastEnd() }))
  return { kind: 'compare', field, operator, value }
}

function takeField(state: ParserState): string[] {
  const { reader } = state
  const token = reader.next()
  if (token.kind === 'field') return token.path
  const hint =
    token.kind === 'text' || token.kind === 'number'
      ? 'The field comes first, the value after: stage = \'production\'. Field names are quoted with " or `'
      : "For instance: metrics.auc >= 0.9 and stage = 'production'"
  return reader.fail(token, `a field is missing before ${reader.show(token)}`, hint)
}

function takeValue(state: ParserState): Scalar {
  const { reader } = state
  const token = reader.next()
  if (token.kind === 'text' || token.kind === 'number') return token.value
  if (token.kind === 'keyword' && isTruth(token.word)) return token.word === 'true'
  if (token.kind !== 'field') return reader.fail(token, `a value is missing before ${reader.show(token)}`, "Write text in single quotes: 'production'")
  if (token.bare && token.path[0]?.toLowerCase() === 'null') {
    return reader.fail(token, 'null cannot be compared', 'To ask whether a field is there, write: field exists, or: field not exists')
  }
  const text = token.path.join('.').replaceAll("'", "''")
  return reader.fail(token, `${reader.show(token)} is a field name, and a value is wanted here`, `Write text in single quotes: '${text.slice(0, 40)}'`)
}

function takeList(state: ParserState): Scalar[] {
  const { reader } = state
  const open = reader.peek()
  if (!reader.take('(')) reader.fail(open, 'in needs a list in parentheses', "For instance: stage in ('staging', 'production')")
  const values: Scalar[] = []
  if (reader.take(')')) return values
  do values.push(takeValue(state))
  while (reader.take(','))
  const close = reader.peek()
  if (!reader.take(')')) reader.fail(close, `a , or ) is missing before ${reader.show(close)}`, 'Part the values by commas and close the list')
  return values
}

function isTruth(word: Keyword): word is 'true' | 'false' {
  return word === 'true' || word === 'false'
}
