import { StemmaError } from '../errors/stemma-error.js'
import { isNearName, nearestNames } from '../util/nearest-names.js'

/**
 * The options of a call, copied by {@link ownFields}; none are an empty object.
 *
 * @param what the options, for messages: `getModel options`.
 * @param known the names that they may have; any, when absent
 * @throws {StemmaError} INVALID_INPUT
 */
export function ownOptions<T extends object>(options: T | undefined, what: string, known?: readonly string[]): Partial<T> {
  return options === undefined ? bare({}) : ownFields(options, what, known)
}

/**
 * An object of named fields, copied: only fields of the object itself count, so that nothing that somebody else put on
 * `Object.prototype` is taken for what the caller wants. Also tells a `signal` that is none, and an `onProgress` that is no function.
 *
 * @param known the names that it may have; any, when absent
 * @throws {StemmaError} INVALID_INPUT for what is no such object, and for a name that is not known.
 */
export function ownFields<T extends object>(value: T, what: string, known?: readonly string[]): T {
  const given: unknown = value
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const found = given === null ? 'null' : Array.isArray(given) ? 'a list' : typeof given
    throw new StemmaError('INVALID_INPUT', `${what}: wanted an object of named fields, found ${found}`, { hint: 'Pass for instance { name: value }.' })
  }
  const own = bare({ ...value })
  if (known) refuseUnknown(Object.keys(own), known, what)
  checkSignal('signal' in own ? own.signal : undefined, what)
  checkOnProgress('onProgress' in own ? own.onProgress : undefined, what)
  return own
}

/** A mistyped option would do silently what nobody asked for: promote for another audience, delete for real. */
function refuseUnknown(keys: readonly string[], known: readonly string[], what: string): void {
  const unknown = keys.find((key) => !known.includes(key))
  if (unknown === undefined) return
  const nearest = nearestNames(unknown, known)[0]
  const meant = nearest !== undefined && isNearName(unknown, nearest) ? `Did you mean ${nearest}? ` : ''
  throw new StemmaError('INVALID_INPUT', `${what}: unknown field ${JSON.stringify(unknown)}`, {
    hint: `${meant}Known are ${known.join(', ')}.`,
    details: { field: unknown, known: [...known] }
  })
}

function bare<T extends object>(copy: T): T {
  Object.setPrototypeOf(copy, null)
  return copy
}

function checkSignal(signal: unknown, what: string): void {
  // Not instanceof: a signal may come from another realm, as Jest makes one for each test file.
  const isSignal = typeof signal === 'object' && signal !== null && 'aborted' in signal && 'throwIfAborted' in signal
  if (signal === undefined || isSignal) return
  throw new StemmaError('INVALID_INPUT', `${what} at signal: wanted an AbortSignal, found ${signal === null ? 'null' : typeof signal}`, {
    hint: 'Pass the signal of an AbortController.'
  })
}

function checkOnProgress(onProgress: unknown, what: string): void {
  if (onProgress === undefined || typeof onProgress === 'function') return
  throw new StemmaError('INVALID_INPUT', `${what} at onProgress: wanted a function, found ${onProgress === null ? 'null' : typeof onProgress}`, {
    hint: 'Leave it out when no progress is wanted.'
  })
}
