import type { Difference, NumberDifference } from '../schemas/comparison.js'
import type { JsonValue } from '../schemas/json-value.js'
import { canonicalJson } from '../util/canonical-json.js'
import { formatFieldPath } from './field-path.js'

/** A value of metadata, or what a schema read loosely: anything that JSON expresses, and `undefined` for what is missing. */
export type Side = unknown

/**
 * What differs between two values of metadata, value by value: maps are compared name by name to any depth, everything else
 * as a whole, lists too. Sorted by field.
 *
 * @param prefix What the fields of the answer begin with.
 * @example
 * ```ts
 * jsonDifferences({ optimizer: { name: 'adam', rate: 0.1 } }, { optimizer: { name: 'sgd', rate: 0.1 } })
 * // [{ field: 'optimizer.name', a: 'adam', b: 'sgd' }]
 * ```
 */
export function jsonDifferences(a: Side, b: Side, prefix: readonly string[] = []): Difference[] {
  return sortByField(collect(a, b, prefix))
}

/** What differs between two sets of named numbers, with `b - a`. Sorted by name. */
export function numberDifferences(a: Iterable<[string, number]>, b: Iterable<[string, number]>): NumberDifference[] {
  const sideA = new Map(a)
  const sideB = new Map(b)
  const differences: NumberDifference[] = []
  for (const field of new Set([...sideA.keys(), ...sideB.keys()])) {
    const valueA = sideA.get(field)
    const valueB = sideB.get(field)
    if (valueA === valueB) continue
    if (valueA === undefined) differences.push(valueB === undefined ? { field } : { field, b: valueB })
    else differences.push(valueB === undefined ? { field, a: valueA } : { field, a: valueA, b: valueB, delta: valueB - valueA })
  }
  return sortByField(differences)
}

/** Sorts by field, in UTF-16 code units. */
export function sortByField<T extends { field: string }>(differences: T[]): T[] {
  return differences.sort((a, b) => (a.field < b.field ? -1 : a.field > b.field ? 1 : 0))
}

function collect(a: Side, b: Side, path: readonly string[]): Difference[] {
  if (isMap(a) && isMap(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)])
    return [...keys].flatMap((key) => collect(ownValue(a, key), ownValue(b, key), [...path, key]))
  }
  // A whole map that one side lacks is shown name by name too, so that its values are seen.
  if (isMap(a) && b === undefined && Object.keys(a).length > 0) return collect(a, {}, path)
  if (isMap(b) && a === undefined && Object.keys(b).length > 0) return collect({}, b, path)
  if (a === b || (a !== undefined && b !== undefined && canonicalJson(a) === canonicalJson(b))) return []
  const field = formatFieldPath(path)
  return [{ field, ...(isJson(a) ? { a } : {}), ...(isJson(b) ? { b } : {}) }]
}

function ownValue(map: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(map, key) ? map[key] : undefined
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Metadata was read from JSON, so what is there is JSON. */
function isJson(value: unknown): value is JsonValue {
  return value !== undefined
}
