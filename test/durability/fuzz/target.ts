import { types } from 'node:util'
import { isStemmaError } from '../../../src/errors/stemma-error.js'

/** A reader of what comes from outside, and texts that it takes. */
export interface Target {
  name: string
  /** What it takes are bytes; then a text stands for them, one character for each. */
  isBytes: boolean
  samples: readonly string[]
  /** As long as an input may get before it, where nothing before it has a lower limit. */
  maxLength: number
  /** Gives a value, or nothing, or throws; also where the value is not what it must be. */
  run: (input: string) => unknown
}

const MAX_LENGTH = 65_536
/** Node reads no more of the headers of a request. */
export const MAX_HEADER_LENGTH = 16_384

export function textTarget(name: string, samples: readonly string[], run: (text: string) => unknown, maxLength = MAX_LENGTH): Target {
  return { name, isBytes: false, samples, maxLength, run }
}

export function bytesTarget(name: string, samples: readonly (Uint8Array | string)[], run: (bytes: Buffer) => unknown, maxLength = MAX_LENGTH): Target {
  return { name, isBytes: true, samples: samples.map((sample) => Buffer.from(sample).toString('latin1')), maxLength, run: (input) => run(Buffer.from(input, 'latin1')) }
}

/** Throws what is no StemmaError, which is what a run must never do. */
export function hold(isHeld: boolean, what: string): void {
  if (!isHeld) throw new Error(`not held: ${what}`)
}

/** The JSON text of a value, for comparison. */
export function textOf(value: unknown): string {
  return JSON.stringify(value)
}

/** What came of an input: `fault` says what is wrong. */
export type Outcome = { kind: 'value' | 'nothing' | 'refused' } | { kind: 'fault'; fault: string }

const PATIENCE_MS = 20_000

/** Runs a target on an input, and judges what comes of it. */
export async function runOnce(target: Target, input: string): Promise<Outcome> {
  try {
    const given = target.run(input)
    const value = given instanceof Promise ? await inTime(given) : given
    const fault = prototypeFault(value)
    if (fault !== undefined) return { kind: 'fault', fault }
    return { kind: value === undefined ? 'nothing' : 'value' }
  } catch (error) {
    if (isStemmaError(error)) return { kind: 'refused' }
    return { kind: 'fault', fault: error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 200) : `threw ${String(error).slice(0, 200)}` }
  }
}

async function inTime(work: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${PATIENCE_MS} ms`))
    }, PATIENCE_MS)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

const PLAIN = new Set<unknown>([null, Buffer.prototype, ...[{}, [], new Map(), new Set(), new Date(0), new Uint8Array(), new URL('a:b'), /x/].map((value): unknown => Object.getPrototypeOf(value))])
const LOOKED_AT = 2_000

/** An object whose prototype came from the input is one that `__proto__` was set on. */
function prototypeFault(value: unknown): string | undefined {
  const waiting = [value]
  for (let count = 0; waiting.length > 0 && count < LOOKED_AT; count += 1) {
    const next = waiting.pop()
    if (typeof next !== 'object' || next === null || ArrayBuffer.isView(next)) continue
    if (!PLAIN.has(Object.getPrototypeOf(next))) return 'a value has a prototype of its own'
    const held: unknown[] = types.isMap(next) ? [...next.values()] : Object.values(next)
    waiting.push(...held.slice(0, LOOKED_AT))
  }
  return undefined
}

const BUILT_IN = [Object, Array, Function, String, Number, Boolean, RegExp, Map, Set, Promise, Error, Date, Uint8Array, Buffer].flatMap((known) => {
  const prototype: unknown = known.prototype
  return (typeof prototype === 'object' && prototype !== null) || typeof prototype === 'function' ? [known, prototype] : [known]
})

/** What the built-in objects have: the same before and after, unless a parser changed one. */
export function builtIns(): Map<object, PropertyDescriptorMap> {
  return new Map(BUILT_IN.map((known) => [known, Object.getOwnPropertyDescriptors(known)]))
}

/** The built-in object that is not what it was. */
export function changedBuiltIn(before: ReturnType<typeof builtIns>): string | undefined {
  for (const [known, descriptors] of before) {
    const now = Object.getOwnPropertyDescriptors(known)
    const keys = Reflect.ownKeys(now)
    const isSame = keys.length === Reflect.ownKeys(descriptors).length && keys.every((key) => isSameProperty(descriptors, now, key))
    if (!isSame) return `a built-in object was changed: ${keys.filter((key) => !isSameProperty(descriptors, now, key)).map(String).join(', ')}`
  }
  return undefined
}

/** The old static properties of RegExp (`$1`, `lastMatch`) have getters, which stay the same. */
function isSameProperty(before: PropertyDescriptorMap, now: PropertyDescriptorMap, key: PropertyKey): boolean {
  const [one, other] = [before[key], now[key]]
  return Object.is(one?.value, other?.value) && one?.get === other?.get && one?.set === other?.set
}
