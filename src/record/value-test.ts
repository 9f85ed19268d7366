import type { SemVer } from 'semver'
import compareBuild from 'semver/functions/compare-build.js'
import parseSemver from 'semver/functions/parse.js'
import type { Operator } from '../schemas/search.js'
import type { Scalar } from './check-comparison.js'
import { parseInstantSpan, type InstantSpan } from './instant-span.js'
import { compileLike } from './like-pattern.js'
import type { ValueKind } from './search-fields.js'
import { canonicalInstant } from './canonical-instant.js'

/** Whether one value of a field passes a comparison. Never throws. */
export type ValueTest = (value: unknown) => boolean

type Relation = Exclude<Operator, 'ne' | 'in' | 'like' | 'exists'>

const NEVER: ValueTest = () => false

/**
 * Compiles a comparison for values of a kind. Values of another type than the one compared with never pass; a comparison
 * that makes no sense passes nothing. `ne` is not handled here: it is the opposite of `eq` for the field as a whole.
 */
export function compileValueTest(kind: ValueKind, operator: Exclude<Operator, 'ne'>, operand: Scalar | readonly Scalar[]): ValueTest {
  if (operator === 'exists') return isPresent
  if (operator === 'like') {
    if (typeof operand !== 'string') return NEVER
    const like = compileLike(operand)
    return (value) => typeof value === 'string' && like(value)
  }
  if (operator === 'in') return compileIn(kind, typeof operand === 'object' ? operand : [operand])
  return typeof operand === 'object' ? NEVER : compileRelation(kind, operator, operand)
}

/** A list or map without entries counts as nothing. */
function isPresent(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value !== undefined
  for (const key in value) if (Object.hasOwn(value, key)) return true
  return false
}

function compileIn(kind: ValueKind, operands: readonly Scalar[]): ValueTest {
  if (kind === 'text' || kind === 'number' || kind === 'any') {
    const values = new Set<unknown>(operands)
    return (value) => values.has(value)
  }
  const tests = operands.map((operand) => compileRelation(kind, 'eq', operand))
  return (value) => tests.some((test) => test(value))
}

function compileRelation(kind: ValueKind, relation: Relation, operand: Scalar): ValueTest {
  if (kind === 'version') return compileVersionTest(relation, operand)
  if (kind === 'instant') return compileInstantTest(relation, operand)
  if (kind === 'group') return NEVER
  if (relation === 'eq') return (value) => value === operand
  if (typeof operand === 'number') return compileNumberOrder(relation, operand)
  return typeof operand === 'string' ? compileTextOrder(relation, operand) : NEVER
}

function compileNumberOrder(relation: Exclude<Relation, 'eq'>, operand: number): ValueTest {
  switch (relation) {
    case 'lt':
      return (value) => typeof value === 'number' && value < operand
    case 'lte':
      return (value) => typeof value === 'number' && value <= operand
    case 'gt':
      return (value) => typeof value === 'number' && value > operand
    case 'gte':
      return (value) => typeof value === 'number' && value >= operand
  }
}

function compileTextOrder(relation: Exclude<Relation, 'eq'>, operand: string): ValueTest {
  switch (relation) {
    case 'lt':
      return (value) => typeof value === 'string' && value < operand
    case 'lte':
      return (value) => typeof value === 'string' && value <= operand
    case 'gt':
      return (value) => typeof value === 'string' && value > operand
    case 'gte':
      return (value) => typeof value === 'string' && value >= operand
  }
}

/** Reading a version takes far longer than anything else here, and few of them are distinct, so each is read once. */
function compileVersionTest(relation: Relation, operand: Scalar): ValueTest {
  const wanted = typeof operand === 'string' ? parseSemver(operand) : null
  if (wanted === null) return NEVER
  const known = new Map<string, boolean>()
  return (value) => {
    if (typeof value !== 'string') return false
    const seen = known.get(value)
    if (seen !== undefined) return seen
    const version = parseSemver(value)
    const passes = version !== null && holds(relation, compareVersionNumbers(version, wanted))
    known.set(value, passes)
    return passes
  }
}

/** By precedence, then by build metadata, so that only equal numbers are equal. */
export function compareVersionNumbers(a: SemVer, b: SemVer): number {
  return compareBuild(a, b)
}

function holds(relation: Relation, sign: number): boolean {
  switch (relation) {
    case 'eq':
      return sign === 0
    case 'lt':
      return sign < 0
    case 'lte':
      return sign <= 0
    case 'gt':
      return sign > 0
    case 'gte':
      return sign >= 0
  }
}

function compileInstantTest(relation: Relation, operand: Scalar): ValueTest {
  const span = typeof operand === 'string' ? parseInstantSpan(operand) : undefined
  const inside = span && spanTest(relation, span)
  if (!inside) return NEVER
  return (value) => {
    const instant = typeof value === 'string' ? canonicalInstant(value) : undefined
    return instant !== undefined && inside(instant)
  }
}

/** Instants of one format have the order of their text, which needs no reading of dates. */
function spanTest(relation: Relation, { fromMs, untilMs }: InstantSpan): (instant: string) => boolean {
  const from = new Date(fromMs).toISOString()
  const until = new Date(untilMs).toISOString()
  switch (relation) {
    case 'eq':
      return (instant) => instant >= from && instant < until
    case 'lt':
      return (instant) => instant < from
    case 'lte':
      return (instant) => instant < until
    case 'gt':
      return (instant) => instant >= until
    case 'gte':
      return (instant) => instant >= from
  }
}
