import { types } from 'node:util'

/** Whether an object is a plain one, of this realm or another, and so has nothing that its own properties do not tell. */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  const isPlainPrototype = prototype === null || (typeof prototype === 'object' && Object.getPrototypeOf(prototype) === null)
  return isPlainPrototype && !(Symbol.toStringTag in value) && !(Symbol.iterator in value)
}

/** What an object is that is neither plain nor an array, as the rest of a sentence, and what to do about it. */
export function describeForeignObject(value: object): { problem: string; hint: string } {
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) {
    return {
      problem: 'is a typed array or buffer, which JSON would change',
      hint: 'Use Array.from(values) for a few numbers, or log the bytes as an artifact.'
    }
  }
  if (types.isMap(value)) return { problem: 'is a Map, which JSON would empty', hint: 'Use Object.fromEntries(map).' }
  if (types.isSet(value)) return { problem: 'is a Set, which JSON would empty', hint: 'Use [...set].' }
  if (types.isPromise(value)) return { problem: 'is a Promise', hint: 'Await it first.' }
  if (types.isBoxedPrimitive(value)) return { problem: 'is a wrapped primitive', hint: 'Use the primitive itself, by valueOf().' }
  const name = nameOfClass(value)
  return {
    problem: `is an instance of ${name ?? 'a class'}, which JSON cannot hold faithfully`,
    hint: 'Use a plain object with the fields that matter.'
  }
}

/** What a value is called that is no JSON: `undefined`, `a function` … */
export function jsonKind(value: unknown): string {
  return value === undefined
    ? 'undefined'
    : value === null
      ? 'null'
      : Array.isArray(value)
        ? 'an array'
        : typeof value === 'object'
          ? 'an object'
          : `a ${typeof value}`
}

function nameOfClass(value: object): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (typeof prototype !== 'object' || prototype === null) return undefined
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  return typeof constructor === 'function' && /^[\w$]{1,64}$/.test(constructor.name) ? constructor.name : undefined
}
