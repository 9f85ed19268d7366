import { types } from 'node:util'
import { StemmaError } from '../errors/stemma-error.js'
import type { JsonValue } from '../schemas/json-value.js'
import { dottedPath } from './dotted-path.js'
import { describeForeignObject, isPlainObject, jsonKind } from './plain-object.js'

/** How large a metadata value may be. */
export interface MetadataLimits {
  /** Objects and arrays inside one another. */
  maxDepth: number
  /** Values in all: every object, array and leaf. */
  maxNodes: number
  /** Bytes of its JSON text in UTF-8. */
  maxBytes: number
}

/** The limits of one metadata value: 32 levels, 10,000 values, 256 KiB. */
export const METADATA_LIMITS: MetadataLimits = { maxDepth: 32, maxNodes: 10_000, maxBytes: 256 * 1024 }

/**
 * The limits of all metadata of one change together, and of a training, which has values for each step: what bounds those is the
 * size of an event, TOO_LARGE above 1 MiB.
 */
export const EVENT_LIMITS: MetadataLimits = { ...METADATA_LIMITS, maxNodes: 500_000, maxBytes: 4 * 1024 * 1024 }

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * Checks that a value can be stored as JSON without loss, and copies it, so that what the caller changes later does not matter.
 * A Date becomes its ISO text, and -0 becomes 0. Refused is what JSON would drop or change: NaN, infinities, `undefined`,
 * BigInt, functions, symbols, invalid dates, typed arrays, Map, Set, class instances, accessors, cycles, holes in arrays, half
 * surrogate pairs; and keys that could reach a prototype.
 *
 * @param what the value, for messages: `params`. May be empty.
 * @param limits @default METADATA_LIMITS
 * @throws {StemmaError} INVALID_METADATA naming the dotted path.
 * @example
 * ```ts
 * checkMetadata({ lr: 0.01, trainedOn: new Date(0) }, 'params') // { lr: 0.01, trainedOn: '1970-01-01T00:00:00.000Z' }
 * ```
 */
export function checkMetadata(value: unknown, what: string, limits: MetadataLimits = METADATA_LIMITS): JsonValue {
  const walk: Walk = { limits, what, nodes: 0, units: 0, ancestors: new Set() }
  const copy = copyValue(value, what, walk)
  if (Buffer.byteLength(JSON.stringify(copy)) > limits.maxBytes) throw tooLarge(walk)
  return copy
}

interface Walk {
  readonly limits: MetadataLimits
  readonly what: string
  nodes: number
  /** UTF-16 units of all texts so far: never more than the bytes of the JSON text. */
  units: number
  readonly ancestors: Set<object>
}

/** An INVALID_METADATA error about the value at a dotted path. */
export function metadataError(path: string, problem: string, hint?: string): StemmaError {
  return new StemmaError('INVALID_METADATA', `${path === '' ? 'metadata' : path} ${problem}`, { hint, details: { path } })
}

function copyValue(value: unknown, path: string, walk: Walk): JsonValue {
  walk.nodes += 1
  if (walk.nodes > walk.limits.maxNodes) throw tooMany(walk)
  switch (typeof value) {
    case 'string':
      return copyText(value, path, walk)
    case 'number':
      return copyNumber(value, path)
    case 'boolean':
      return value
    case 'object':
      return value === null ? null : copyObject(value, path, walk)
    default:
      throw metadataError(path, `is ${jsonKind(value)}, which JSON cannot hold`, HINTS.get(typeof value))
  }
}

const BULK_HINT = 'Log bulk data as an artifact, and keep only a summary in the metadata.'
const HINTS: ReadonlyMap<string, string> = new Map([
  ['undefined', 'Leave the key out, or use null.'],
  ['bigint', 'Use a text, or a number below 2^53.'],
  ['function', 'Log its name as a text.'],
  ['symbol', 'Log its description as a text.']
])

function copyNumber(value: number, path: string): number {
  if (Number.isFinite(value)) return value === 0 ? 0 : value
  throw metadataError(path, `is ${value}, which JSON cannot hold`, 'Leave it out, or log it as a text or null.')
}

function copyText(value: string, path: string, walk: Walk): string {
  walk.units += value.length
  if (walk.units > walk.limits.maxBytes) throw tooLarge(walk)
  if (/\p{Surrogate}/u.test(value))
    throw metadataError(path, 'is not well-formed Unicode: it has half of a surrogate pair', 'Use text.toWellFormed().')
  return value
}

function copyObject(value: object, path: string, walk: Walk): JsonValue {
  if (types.isDate(value)) return copyDate(value, path)
  const isArray = Array.isArray(value)
  if (!isArray && !isPlainObject(value)) {
    const { problem, hint } = describeForeignObject(value)
    throw metadataError(path, problem, hint)
  }
  if (walk.ancestors.has(value)) throw metadataError(path, 'contains itself', 'Take the cycle out.')
  if (walk.ancestors.size >= walk.limits.maxDepth)
    throw metadataError(path, `is nested deeper than ${walk.limits.maxDepth} levels`, 'Make it flatter.')
  walk.ancestors.add(value)
  const copy = isArray ? copyArray(value, path, walk) : copyEntries(value, path, walk)
  walk.ancestors.delete(value)
  return copy
}

function copyDate(value: Date, path: string): string {
  if (!Number.isNaN(Date.prototype.getTime.call(value))) return Date.prototype.toISOString.call(value)
  throw metadataError(path, 'is an invalid Date', 'Leave it out, or use null.')
}

function copyArray(value: readonly unknown[], path: string, walk: Walk): JsonValue[] {
  const { length } = value
  if (walk.nodes + length > walk.limits.maxNodes) throw tooMany(walk)
  const copy: JsonValue[] = []
  for (let index = 0; index < length; index += 1) {
    const itemPath = dottedPath(path, index)
    const property = Object.getOwnPropertyDescriptor(value, index)
    if (!property) throw metadataError(itemPath, 'is a hole in an array', 'Use null for a missing value.')
    copy.push(copyValue(plainValueOf(property, itemPath), itemPath, walk))
  }
  if (Object.keys(value).length > length)
    throw metadataError(path, 'is an array with named properties, which JSON would drop', 'Use an object.')
  return copy
}

function copyEntries(value: object, path: string, walk: Walk): JsonValue {
  const keys = Reflect.ownKeys(value)
  // Before each is described, which takes far longer than to count them. What is not copied does not count in the end.
  if (walk.nodes + keys.length > walk.limits.maxNodes && walk.nodes + Object.keys(value).length > walk.limits.maxNodes) throw tooMany(walk)
  const entries: [string, JsonValue][] = []
  for (const key of keys) {
    const property = Object.getOwnPropertyDescriptor(value, key)
    if (property?.enumerable !== true) continue
    if (typeof key === 'symbol') throw metadataError(path, 'has a symbol as key, which JSON would drop', 'Use texts as keys.')
    const itemPath = dottedPath(path, key)
    if (FORBIDDEN_KEYS.has(key)) throw metadataError(path, `has the key "${key}", which is not allowed`, 'Choose another key.')
    copyText(key, itemPath, walk)
    entries.push([key, copyValue(plainValueOf(property, itemPath), itemPath, walk)])
  }
  // Defines each property; an assignment could run a setter of the prototype.
  return Object.fromEntries(entries)
}

function plainValueOf(property: PropertyDescriptor, path: string): unknown {
  if (!property.get && !property.set) return property.value
  throw metadataError(path, 'is a getter or setter, whose value may change', 'Use a plain property.')
}

function tooMany({ what, limits }: Walk): StemmaError {
  return metadataError(what, `has more than ${limits.maxNodes} values`, BULK_HINT)
}

function tooLarge(walk: Walk): StemmaError {
  return metadataError(walk.what, `has more than ${walk.limits.maxBytes / 1024} KiB`, BULK_HINT)
}

/**
 * Checks named numbers, all finite: metrics, feature importances.
 *
 * @param what the value, for messages: `metrics`.
 * @returns a copy.
 * @throws {StemmaError} INVALID_METADATA naming the dotted path.
 */
export function checkNumbers(value: unknown, what: string): Record<string, number> {
  return checkEntries(value, what, 'a number', (item): item is number => typeof item === 'number')
}

const MAX_TAGS = 1_000
const MAX_TAG_KEY_LENGTH = 250
const MAX_TAG_VALUE_LENGTH = 5_000

/**
 * Checks tags: at most 1,000, keys of 1 to 250 characters, texts of at most 5,000.
 *
 * @param what the value, for messages: `tags`.
 * @returns a copy.
 * @throws {StemmaError} INVALID_METADATA naming the dotted path.
 */
export function checkTags(value: unknown, what: string): Record<string, string> {
  const tags = checkEntries(value, what, 'a text', (item): item is string => typeof item === 'string', TAG_LIMITS)
  const entries = Object.entries(tags)
  if (entries.length > MAX_TAGS) throw metadataError(what, `has ${entries.length} tags, more than ${MAX_TAGS}`)
  for (const [key, text] of entries) {
    const path = dottedPath(what, key)
    if (key === '' || key.length > MAX_TAG_KEY_LENGTH)
      throw metadataError(path, `has a key of ${key.length} characters; wanted 1 to ${MAX_TAG_KEY_LENGTH}`)
    if (text.length > MAX_TAG_VALUE_LENGTH) {
      throw metadataError(
        path,
        `has ${text.length} characters, more than ${MAX_TAG_VALUE_LENGTH}`,
        'Log long texts as description or as an artifact.'
      )
    }
  }
  return tags
}

// A thousand tags of full length are more than one metadata value may be; the limits above are their own.
const TAG_LIMITS: MetadataLimits = { ...METADATA_LIMITS, maxBytes: 900 * 1024 }

function checkEntries<T extends JsonValue>(
  value: unknown,
  what: string,
  wanted: string,
  isWanted: (item: JsonValue) => item is T,
  limits?: MetadataLimits
): Record<string, T> {
  const copy = checkMetadata(value, what, limits)
  if (typeof copy !== 'object' || copy === null || Array.isArray(copy)) {
    throw metadataError(what, `is ${jsonKind(copy)}; wanted an object of names, each with ${wanted}`)
  }
  const entries: [string, T][] = []
  for (const [key, item] of Object.entries(copy)) {
    if (!isWanted(item)) throw metadataError(dottedPath(what, key), `is ${jsonKind(item)}; wanted ${wanted}`)
    entries.push([key, item])
  }
  return Object.fromEntries(entries)
}
