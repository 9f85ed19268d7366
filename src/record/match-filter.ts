import type { VersionSummary } from '../schemas/model-version.js'
import type { Filter } from '../schemas/search.js'
import { compileAnyValue } from './field-values.js'
import { openField } from './search-fields.js'
import { compileValueTest } from './value-test.js'

/** Whether a version passes a filter. */
export type VersionTest = (version: VersionSummary) => boolean

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
  switch (filter.kind) {
    case 'compare':
      return compileComparison(filter)
    case 'not': {
      const inner = compileFilter(filter.filter)
      return (version) => !inner(version)
    }
    case 'and':
      return compileAnd(filter.filters.map(compileFilter))
    case 'or':
      return compileOr(filter.filters.map(compileFilter))
  }
}

function compileAnd(tests: readonly VersionTest[]): VersionTest {
  const [first, second] = tests
  if (first && second && tests.length === 2) return (version) => first(version) && second(version)
  return (version) => {
    for (const test of tests) if (!test(version)) return false
    return true
  }
}

function compileOr(tests: readonly VersionTest[]): VersionTest {
  const [first, second] = tests
  if (first && second && tests.length === 2) return (version) => first(version) || second(version)
  return (version) => {
    for (const test of tests) if (test(version)) return true
    return false
  }
}

function compileComparison({ field, operator, value }: Extract<Filter, { kind: 'compare' }>): VersionTest {
  const source = openField(field)
  const opposite = operator === 'ne' || (operator === 'exists' && value === false)
  if (!source) return () => opposite
  const asked = operator === 'ne' ? 'eq' : operator
  const test =
    source.kind === 'presence' && asked !== 'exists'
      ? compilePresence(compileAnyValue(source, compileValueTest('presence', 'exists', true)), asked, value)
      : compileAnyValue(source, compileValueTest(source.kind, asked, value))
  return opposite ? (version) => !test(version) : test
}

/** `deleted = true` and `deleted = false`: the one field whose absence is a value. */
function compilePresence(isPresent: VersionTest, operator: string, value: unknown): VersionTest {
  const wanted: readonly unknown[] = operator === 'eq' ? [value] : operator === 'in' && Array.isArray(value) ? value : []
  const whenPresent = wanted.includes(true)
  const whenAbsent = wanted.includes(false)
  return (version) => (isPresent(version) ? whenPresent : whenAbsent)
}
