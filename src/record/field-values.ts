import type { VersionSummary } from '../schemas/model-version.js'
import type { FieldSource } from './search-fields.js'

/**
 * Compiles the question whether any value of a field passes a test: the value itself, or any element of a list, on the way
 * or at the end. What is missing passes nothing. Names are looked up as own properties only.
 */
export function compileAnyValue(source: FieldSource, test: (value: unknown) => boolean): (version: VersionSummary) => boolean {
  const { read, keys } = source
  const readPlain = compilePlainReader(keys)
  return (version) => {
    const root = read(version)
    const value = readPlain(root)
    return value === NOT_PLAIN ? anyValue(root, keys, 0, test) : test(value)
  }
}

/**
 * Compiles a reader of the one value of a field: text, a number, true, false or nothing. {@link NOT_PLAIN} where it takes more than
 * that to answer {@link compileAnyValue}'s question.
 */
export function compilePlainValue({ read, keys }: FieldSource): (version: VersionSummary) => unknown {
  const readPlain = compilePlainReader(keys)
  return (version) => readPlain(read(version))
}

/** Compiles a reader of every value of a field in turn, for {@link compileAnyValue}'s notion of its values. */
export function compileEachValue(source: FieldSource): (version: VersionSummary, visit: (value: unknown) => void) => void {
  const { read, keys } = source
  const readPlain = compilePlainReader(keys)
  return (version, visit) => {
    const root = read(version)
    const value = readPlain(root)
    if (value !== NOT_PLAIN) {
      visit(value)
      return
    }
    anyValue(root, keys, 0, (each) => {
      visit(each)
      return false
    })
  }
}

/** What stands for a value that is a list or a map, or lies behind one. */
export const NOT_PLAIN = Symbol('not plain')

/**
 * The fast way, which most fields of most versions can take: no list on the way and neither list nor map at the end. It need
 * not ask whether a property is the object's own, since nothing that all objects inherit is text, a number, true or false.
 */
function compilePlainReader(keys: readonly string[]): (root: unknown) => unknown {
  const [first, second] = keys
  if (first === undefined) return plain
  if (second === undefined) return (root) => (isMap(root) ? plain(root[first]) : NOT_PLAIN)
  return (root) => {
    let value: unknown = root
    for (const key of keys) {
      if (!isMap(value)) return NOT_PLAIN
      value = value[key]
    }
    return plain(value)
  }
}

function plain(value: unknown): unknown {
  return typeof value === 'object' || typeof value === 'function' ? NOT_PLAIN : value
}

function anyValue(value: unknown, keys: readonly string[], index: number, test: (value: unknown) => boolean): boolean {
  if (Array.isArray(value)) return value.some((element) => anyValue(element, keys, index, test))
  const key = keys[index]
  if (key === undefined) return test(value)
  return isMap(value) && Object.hasOwn(value, key) && anyValue(value[key], keys, index + 1, test)
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
