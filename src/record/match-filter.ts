import type { VersionSummary } from '../schemas/model-version.js'
import type { Filter } from '../schemas/search.js'
import { compileAnyValue } from './field-values.js'
import { openField, type FieldSource } from './search-fields.js'
import { compileValueTest, type ValueTest } from './value-test.js'

/** Whether a version passes a filter. */
export type VersionTest = (version: VersionSummary) => boolean

/**
 * Compiles the question whether any value of a field passes a test, of whatever stands for a version: the version itself
 * (`compileAnyValue`), or its index in a table of versions.
 */
export type AnyValueCompiler<Row> = (source: FieldSource, test: ValueTest) => (row: Row) => boolean

/**
 * Compiles a filter to a function that says whether a version passes it. Neither throws.
 *
 * - A field that is missing passes no comparison. Neither does a value of another type than the one compared with: `'3'` is
 *   not `3`.
 * - `a != 1` is exactly `not a = 1`, and `a not in (…)` is `not a in (…)`. So they hold where `a` is missing as well:
 *   `tags.site != 'berlin'` finds versions that have no site. To ask for another site, add `and tags.site exists`.
 * - A list stands for its elements: `audiences = 'berlin'` holds when any of them is. So `audiences != 'berlin'` holds when
 *   none is. Each comparison looks for an element of its own.
 * - `exists` holds where there is a value, `null` among them; a list or map without entries counts as missing.
 * - Times: a date is the whole day in UTC. `createdAt = '2026-03-01'` holds all day, `createdAt > '2026-03-01'` after it.
 * - `version` and `derivedFrom.version` compare as semver: `1.10.0` is above `1.9.0`, and `2.0.0-rc.1` below `2.0.0`.
 * - `like`, `=` and the order of text heed case and go by UTF-16 code units, not by any language.
 * - `slices.<slice>.<metric>` is the metric in any of `evaluations` with that slice: `slices."site=berlin".auc >= 0.9`.
 * - `deleted` is true or false, and has `deleted.at`, `deleted.reason`, `deleted.by`.
 *
 * @example
 * ```ts
 * const passes = compileFilter(parseSearch({ where: "metrics.auc >= 0.9 and tags.site = 'berlin'" }).filter)
 * versions.filter(passes)
 * ```
 */
export function compileFilter(filter: Filter): VersionTest {
  return compileRowFilter(filter, compileAnyValue)
}

/** {@link compileFilter} for whatever stands for a version. */
export function compileRowFilter<Row>(filter: Filter, compileAny: AnyValueCompiler<Row>): (row: Row) => boolean {
  switch (filter.kind) {
    case 'compare':
      return compileComparison(filter, compileAny)
    case 'not': {
      const inner = compileRowFilter(filter.filter, compileAny)
      return (row) => !inner(row)
    }
    case 'and':
      return compileAnd(filter.filters.map((part) => compileRowFilter(part, compileAny)))
    case 'or':
      return compileOr(filter.filters.map((part) => compileRowFilter(part, compileAny)))
  }
}

function compileAnd<Row>(tests: readonly ((row: Row) => boolean)[]): (row: Row) => boolean {
  const [first, second] = tests
  if (first && second && tests.length === 2) return (row) => first(row) && second(row)
  return (row) => {
    for (const test of tests) if (!test(row)) return false
    return true
  }
}

function compileOr<Row>(tests: readonly ((row: Row) => boolean)[]): (row: Row) => boolean {
  const [first, second] = tests
  if (first && second && tests.length === 2) return (row) => first(row) || second(row)
  return (row) => {
    for (const test of tests) if (test(row)) return true
    return false
  }
}

function compileComparison<Row>(
  { field, operator, value }: Extract<Filter, { kind: 'compare' }>,
  compileAny: AnyValueCompiler<Row>
): (row: Row) => boolean {
  const source = openField(field)
  const opposite = operator === 'ne' || (operator === 'exists' && value === false)
  if (!source) return () => opposite
  const asked = operator === 'ne' ? 'eq' : operator
  const test =
    source.kind === 'presence' && asked !== 'exists'
      ? compilePresence(compileAny(source, compileValueTest('presence', 'exists', true)), asked, value)
      : compileAny(source, compileValueTest(source.kind, asked, value))
  return opposite ? (row) => !test(row) : test
}

/** `deleted = true` and `deleted = false`: the one field whose absence is a value. */
function compilePresence<Row>(isPresent: (row: Row) => boolean, operator: string, value: unknown): (row: Row) => boolean {
  const wanted: readonly unknown[] = operator === 'eq' ? [value] : operator === 'in' && Array.isArray(value) ? value : []
  const whenPresent = wanted.includes(true)
  const whenAbsent = wanted.includes(false)
  return (row) => (isPresent(row) ? whenPresent : whenAbsent)
}
