import validSemver from 'semver/functions/valid.js'
import type { Operator } from '../schemas/search.js'
import { formatFieldPath } from './field-path.js'
import { MAX_LISTED_VALUES, MAX_PATTERN_LENGTH } from './filter-limits.js'
import { parseInstantSpan } from './instant-span.js'
import { endsInLoneEscape } from './like-pattern.js'
import { quoteForMessage, type Fail } from './query-error.js'
import { checkField, type ValueKind } from './search-fields.js'

/** A value of a comparison. */
export type Scalar = string | number | boolean

/**
 * Refuses a comparison that can never hold because of what its field is: `metrics.auc >= '0.9'` (a text),
 * `version >= '1.2'` (not a whole version), `createdAt > 'yesterday'`. Answered with nothing found, such a slip would pass
 * for a fact. Fields that hold anything (`params.…`, `environment.…`) take any value, and what has another type does not match.
 */
export function checkComparison(path: readonly string[], operator: Operator, value: Scalar | readonly Scalar[], fail: Fail): void {
  const kind = checkField(path, fail)
  if (operator === 'exists') return
  const shown = formatFieldPath(path)
  if (kind === 'group') {
    return fail(`${shown} holds several values and cannot be compared itself`, `Name one of them, ${shown}.<name>, or write: ${shown} exists`)
  }
  if (operator === 'like') {
    if (kind === 'number' || kind === 'presence') {
      return fail(`like compares text, and ${shown} holds ${DESCRIPTIONS[kind]}`, 'Compare it with =, <, <=, >, >= or in')
    }
    if (typeof value === 'string') checkPattern(value, fail)
    return
  }
  if (typeof value !== 'object') {
    checkValue(shown, kind, operator, value, fail)
    return
  }
  if (value.length > MAX_LISTED_VALUES) {
    return fail(`in lists ${value.length} values, and ${MAX_LISTED_VALUES} are the most`, 'Split the list over several searches')
  }
  for (const listed of value) checkValue(shown, kind, operator, listed, fail)
}

const DESCRIPTIONS: Record<Exclude<ValueKind, 'group'>, string> = {
  text: 'text',
  number: 'a number',
  version: 'a version',
  instant: 'a time',
  presence: 'true or false',
  any: 'any value'
}

function checkPattern(pattern: string, fail: Fail): void {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    return fail(`the like pattern is ${pattern.length} characters long, and ${MAX_PATTERN_LENGTH} are the most`, 'Shorten it with %')
  }
  if (endsInLoneEscape(pattern)) fail('the like pattern ends in a lone \\', 'Write \\\\ for a backslash itself')
}

function checkValue(shown: string, kind: Exclude<ValueKind, 'group'>, operator: Operator, value: Scalar, fail: Fail): void {
  if (typeof value === 'boolean' && operator !== 'eq' && operator !== 'ne' && operator !== 'in') {
    return fail('true and false have no order', 'Compare them with = or !=')
  }
  const hint = problemWith(kind, operator, value)
  if (hint === undefined) return
  const found = typeof value === 'string' ? `the text ${quoteForMessage(value)}` : String(value)
  fail(`${shown} holds ${DESCRIPTIONS[kind]} and cannot be compared with ${found}`, hint)
}

/** What to do about a value that does not fit; undefined for one that does. */
function problemWith(kind: Exclude<ValueKind, 'group'>, operator: Operator, value: Scalar): string | undefined {
  switch (kind) {
    case 'text':
      return typeof value === 'string' ? undefined : `Write it as text, in quotes: '${value}'`
    case 'number':
      if (typeof value === 'number') return undefined
      return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))
        ? `Write the number without quotes: ${Number(value)}`
        : 'Write a number'
    case 'version':
      return typeof value === 'string' && validSemver(value) !== null ? undefined : "Write the whole version, in quotes: '1.2.0'"
    case 'instant':
      return typeof value === 'string' && parseInstantSpan(value) !== undefined
        ? undefined
        : "Write an ISO date, '2026-03-01', or a date-time with its zone, '2026-03-01T12:00:00Z'"
    case 'presence':
      if (typeof value !== 'boolean') return 'Write true or false'
      return operator === 'eq' || operator === 'ne' || operator === 'in' ? undefined : 'Compare it with = or !='
    case 'any':
      return undefined
  }
}
