import type { SemVer } from 'semver'
import parseSemver from 'semver/functions/parse.js'
import type { VersionSummary } from '../schemas/model-version.js'
import type { SearchPosition } from '../schemas/search.js'
import { canonicalInstant } from './canonical-instant.js'
import { compileAnyValue, compileEachValue } from './field-values.js'
import { DEFAULT_ORDER, type ParsedOrder } from './parse-order.js'
import { openField, type FieldSource } from './search-fields.js'
import { compareVersionNumbers } from './value-test.js'

/** Negative when `a` comes before `b`; 0 only for the same version of the same model. */
export type VersionOrder = (a: VersionSummary, b: VersionSummary) => number

type KeyOrder = (a: unknown, b: unknown) => number

/**
 * Compiles an order of results: by each key in turn, then by name, then by sequence. Versions without a value come last,
 * whether a key is ascending or descending. Of several values the smallest counts when ascending, the largest when
 * descending. Values of several types: numbers, then text, then `false` and `true`.
 *
 * @param orderBy @default newest first
 */
export function compileOrder(orderBy: ParsedOrder = DEFAULT_ORDER): VersionOrder {
  const orders = compileKeys(orderBy)
  return (a, b) => {
    for (const { read, compare } of orders) {
      const sign = compare(read(a), read(b))
      if (sign !== 0) return sign
    }
    return compareText(a.name, b.name) || a.sequence - b.sequence
  }
}

/**
 * Compiles what tells the place of a version in an order, so that the next page can begin after it, whatever becomes of the version
 * until then.
 */
export function compilePosition(orderBy: ParsedOrder): (version: VersionSummary) => SearchPosition {
  const orders = compileKeys(orderBy)
  return (version) => ({ keys: orders.map(({ read }) => toScalar(read(version))), name: version.name, sequence: version.sequence })
}

/** Compiles whether a version comes after a place in an order. Keys that are missing there count as none. */
export function compileAfter(orderBy: ParsedOrder, { keys, name, sequence }: SearchPosition): (version: VersionSummary) => boolean {
  const orders = compileKeys(orderBy)
  return (version) => {
    for (const [index, { read, compare }] of orders.entries()) {
      const sign = compare(read(version), keys[index] ?? undefined)
      if (sign !== 0) return sign > 0
    }
    return (compareText(version.name, name) || version.sequence - sequence) > 0
  }
}

interface OrderKey {
  read: (version: VersionSummary) => unknown
  /** Of what `read` gave. */
  compare: KeyOrder
}

function compileKeys(orderBy: ParsedOrder): OrderKey[] {
  return (orderBy.length === 0 ? DEFAULT_ORDER : orderBy).flatMap(({ field, direction }) => {
    const source = openField(field)
    return source ? [compileKey(source, direction === 'desc' ? -1 : 1)] : []
  })
}

function compileKey(source: FieldSource, direction: 1 | -1): OrderKey {
  const order = keyOrder(source)
  return {
    read: compileKeyReader(source, direction, order),
    compare: (a, b) => {
      if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
      return order(a, b) * direction
    }
  }
}

/** What a version is sorted by: of a list the first in the direction asked for. */
function compileKeyReader(source: FieldSource, direction: 1 | -1, order: KeyOrder): (version: VersionSummary) => unknown {
  if (source.kind === 'presence') return compileAnyValue(source, (value) => value !== undefined)
  const eachValue = compileEachValue(source)
  const toKey = source.kind === 'instant' ? instantKey : scalarKey
  let best: unknown
  const visit = (value: unknown): void => {
    const key = toKey(value)
    if (key !== undefined && (best === undefined || order(key, best) * direction < 0)) best = key
  }
  return (version) => {
    best = undefined
    eachValue(version, visit)
    return best
  }
}

function scalarKey(value: unknown): unknown {
  return toScalar(value) ?? undefined
}

function toScalar(value: unknown): string | number | boolean | null {
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' ? value : null
}

function instantKey(value: unknown): unknown {
  return typeof value === 'string' ? canonicalInstant(value) : undefined
}

function keyOrder(source: FieldSource): KeyOrder {
  return source.kind === 'version' ? createVersionOrder() : compareScalars
}

/** Reading a version number is slow, so each distinct one is read once. Texts that are none come first. */
function createVersionOrder(): KeyOrder {
  const known = new Map<unknown, SemVer | null>()
  const read = (value: unknown): SemVer | null => {
    const seen = known.get(value)
    if (seen !== undefined) return seen
    const version = typeof value === 'string' ? parseSemver(value) : null
    known.set(value, version)
    return version
  }
  return (a, b) => {
    const versionA = read(a)
    const versionB = read(b)
    if (versionA && versionB) return compareVersionNumbers(versionA, versionB)
    return versionA || versionB ? Number(versionA !== null) - Number(versionB !== null) : compareScalars(a, b)
  }
}

function compareScalars(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  return TYPE_ORDER.indexOf(typeof a) - TYPE_ORDER.indexOf(typeof b)
}

const TYPE_ORDER: readonly string[] = ['number', 'string', 'boolean']

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
