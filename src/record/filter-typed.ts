import { types } from 'node:util'
import type { Filter, Operator } from '../schemas/search.js'
import { checkComparison, type Scalar } from './check-comparison.js'
import { parseFieldPath } from './field-path.js'
import { checkFilterLimits, combineFilters, failComparisons, failDepth, MAX_COMPARISONS, MAX_FILTER_DEPTH } from './filter-limits.js'
import { isNearName, nearestNames } from '../util/nearest-names.js'
import { queryEntryError, quoteForMessage, type Fail } from './query-error.js'

const OPERATORS = new Set<string>(['eq', 'ne', 'lt', 'lte', 'gt', 'gte', 'in', 'like', 'exists'] satisfies Operator[])
const MAX_NODES = 10_000

/**
 * Reads the typed form of a filter. Dates become ISO text; entries that are `undefined` are refused; the order of entries
 * is kept. Field names are those of the text form: `metrics.auc`, `tags."my key"`.
 *
 * @throws {StemmaError} INVALID_QUERY naming the entry.
 */
export function parseFilterObject(where: unknown): Filter {
  const budget: Budget = { nodes: 0, comparisons: 0 }
  const filter = readWhere(where, 'where', 1, budget)
  checkFilterLimits(filter, failFor('where'))
  return filter
}

/** What is left to spend: an object that contains itself, or the same one many times, must not keep us for ever. */
interface Budget {
  nodes: number
  comparisons: number
}

function readWhere(where: unknown, at: string, depth: number, budget: Budget): Filter {
  const fail = failFor(at)
  if (depth > MAX_FILTER_DEPTH) failDepth(fail)
  budget.nodes += 1
  if (budget.nodes > MAX_NODES) failComparisons(fail)
  if (!isPlainObject(where)) return fail(`a filter is wanted, and this is ${describe(where)}`, "For instance { stage: 'production' }")
  const filters: Filter[] = []
  for (const [key, value] of Object.entries(where)) {
    const entry = `${at}[${JSON.stringify(key)}]`
    // A threshold that got lost on its way must not select everything.
    if (value === undefined) failFor(entry)('there is nothing to compare with: it is undefined', 'Leave the entry out, or give it a value')
    if (key === 'and' || key === 'or') filters.push(readGroup(key, value, entry, depth, budget))
    else if (key === 'not') filters.push({ kind: 'not', filter: readWhere(value, entry, depth + 1, budget) })
    else filters.push(...readCondition(key, value, entry, budget))
  }
  return combineFilters('and', filters)
}

function readGroup(kind: 'and' | 'or', value: unknown, at: string, depth: number, budget: Budget): Filter {
  if (!Array.isArray(value)) return failFor(at)(`${kind} takes a list of filters, and this is ${describe(value)}`, `Write ${kind}: [{ … }, { … }]`)
  return combineFilters(
    kind,
    value.map((member, index) => readWhere(member, `${at}[${index}]`, depth + 1, budget))
  )
}

function readCondition(key: string, condition: unknown, at: string, budget: Budget): Filter[] {
  const fail = failFor(at)
  const field = parseFieldPath(key, fail)
  if (!isPlainObject(condition)) return [readComparison(field, 'eq', condition, at, budget)]
  return Object.entries(condition).map(([operator, value]) => {
    if (isOperator(operator)) return readComparison(field, operator, value, `${at}.${operator}`, budget)
    const nearest = nearestNames(operator, OPERATORS)
    const meant = nearest[0] !== undefined && isNearName(operator, nearest[0]) ? `Did you mean ${nearest[0]}? ` : ''
    return fail(`there is no operator ${quoteForMessage(operator)}`, `${meant}Operators: ${nearest.join(', ')}`)
  })
}

function readComparison(field: string[], operator: Operator, input: unknown, at: string, budget: Budget): Filter {
  const fail = failFor(at)
  budget.comparisons += 1
  if (budget.comparisons > MAX_COMPARISONS) failComparisons(fail)
  const value = readOperand(operator, input, fail)
  checkComparison(field, operator, value, fail)
  return { kind: 'compare', field, operator, value }
}

function readOperand(operator: Operator, input: unknown, fail: Fail): Scalar | Scalar[] {
  if (operator === 'exists') {
    return typeof input === 'boolean' ? input : fail(`exists takes true or false, and this is ${describe(input)}`, 'Write { exists: true }')
  }
  if (operator === 'like') {
    return typeof input === 'string' ? input : fail(`like takes a pattern, and this is ${describe(input)}`, "For instance { like: 'ber%' }")
  }
  if (operator !== 'in') return readScalar(input, fail)
  if (!Array.isArray(input)) return fail(`in takes a list, and this is ${describe(input)}`, "For instance { in: ['staging', 'production'] }")
  return input.map((element) => readScalar(element, fail))
}

function readScalar(input: unknown, fail: Fail): Scalar {
  if (typeof input === 'string' || typeof input === 'boolean') return input
  if (typeof input === 'number' && Number.isFinite(input)) return input === 0 ? 0 : input
  if (types.isDate(input) && !Number.isNaN(input.getTime())) return input.toISOString()
  const hint = Array.isArray(input)
    ? 'To allow any of several values, write { in: […] }'
    : input === null
      ? 'To ask whether a field is there, write { exists: true } or { exists: false }'
      : 'Compare with text, a finite number, true, false or a valid Date'
  return fail(`nothing can be compared with ${describe(input)}`, hint)
}

function failFor(at: string): Fail {
  return (message, hint) => {
    throw queryEntryError(at, message, hint)
  }
}

function isOperator(text: string): text is Operator {
  return OPERATORS.has(text)
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !types.isDate(value)
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'number') return String(value)
  if (types.isDate(value)) return 'a Date that is not valid'
  return typeof value === 'object' ? 'an object' : `of type ${typeof value}`
}
