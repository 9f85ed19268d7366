import { types } from 'node:util'
import { StemmaError } from '../errors/stemma-error.js'
import { quote } from './quote.js'

const MAX_DEPTH = 64

/** How much JSON may hold in one place: what reads it afterwards does work for each part, also to say what is wrong with it. */
export interface JsonLimits {
  /** Keys of one object. @default Infinity */
  maxKeys?: number | undefined
  /** Values of one array. @default Infinity */
  maxItems?: number | undefined
}

const NUMBER = /-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const INTEGER = /^-?[0-9]+$/

/**
 * Reads JSON from outside, and refuses what `JSON.parse` would change without a word: bytes that are not UTF-8, a key given twice
 * (it keeps the last), an integer beyond 2^53 or a number beyond 1.8e308 (it rounds), a `__proto__` key. Nesting ends at 64.
 * A byte order mark is passed over.
 *
 * @param what the document, for messages: `manifest of credit-score 1.0.0`.
 * @param limits looked at before anything is done with the values.
 * @throws {StemmaError} INVALID_INPUT saying where. Nothing of the document's values is in the message.
 */
export function parseJsonStrictly(bytes: Uint8Array, what: string, limits: JsonLimits = {}): unknown {
  const text = decode(bytes, what)
  const value = parseText(text, what)
  refuseLossy(text, what, limits)
  return value
}

function decode(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new StemmaError('INVALID_INPUT', `${what} is not UTF-8`, { hint: 'Write it as UTF-8.' })
  }
}

function parseText(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // The engine's message quotes the document, which may hold anything; only the place is taken from it.
    const position = types.isNativeError(error) ? /position ([0-9]+)/.exec(error.message)?.[1] : undefined
    const place = position === undefined ? '' : `, see ${placeOf(text, Number(position))}`
    throw new StemmaError('INVALID_INPUT', `${what} is not JSON${place}`)
  }
}

/** Goes through the tokens of a text that is known to be JSON. */
function refuseLossy(text: string, what: string, { maxKeys = Infinity, maxItems = Infinity }: JsonLimits): void {
  // One entry for each open bracket: the keys so far of an object, `undefined` for an array.
  const open: (Set<string> | undefined)[] = []
  // As many entries: the commas so far.
  const commas: number[] = []
  let index = 0
  while (index < text.length) {
    const character = text[index]
    if (character === '"') {
      const end = endOfString(text, index)
      const keys = open.at(-1)
      // In an object, a string is a key if and only if a colon follows it.
      if (keys && isColonNext(text, end)) addKey(keys, text, index, end, what)
      index = end
    } else if (character === '{' || character === '[') {
      open.push(character === '{' ? new Set() : undefined)
      commas.push(0)
      if (open.length > MAX_DEPTH) throw refusal(what, text, index, `is nested deeper than ${MAX_DEPTH}`)
      index += 1
    } else if (character === '}' || character === ']') {
      open.pop()
      commas.pop()
      index += 1
    } else if (character === ',') {
      const count = (commas.pop() ?? 0) + 1
      commas.push(count)
      if (open.at(-1) ? count >= maxKeys : count >= maxItems) throw tooMany(what, count, open.at(-1) ? 'keys in one object' : 'values in one array')
      index += 1
    } else {
      NUMBER.lastIndex = index
      const number = NUMBER.exec(text)?.[0]
      if (number !== undefined) refuseLossyNumber(number, text, index, what)
      index += number?.length ?? 1
    }
  }
}

function addKey(keys: Set<string>, text: string, start: number, end: number, what: string): void {
  const token = text.slice(start, end)
  const key: unknown = token.includes('\\') ? JSON.parse(token) : token.slice(1, -1)
  if (typeof key !== 'string') return
  if (key === '__proto__') throw refusal(what, text, start, 'has the key "__proto__"')
  if (keys.has(key)) throw refusal(what, text, start, `has the key ${quote(key)} twice in one object`)
  keys.add(key)
}

function refuseLossyNumber(token: string, text: string, index: number, what: string): void {
  const number = Number(token)
  if (INTEGER.test(token) && !Number.isSafeInteger(number))
    throw refusal(what, text, index, 'has an integer that a number cannot hold exactly')
  if (!Number.isFinite(number)) throw refusal(what, text, index, 'has a number that is too large')
}

/** Index after the closing quote of the string that starts at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end + 1
}

function isEscaped(text: string, index: number): boolean {
  let backslashes = 0
  while (text[index - 1 - backslashes] === '\\') backslashes += 1
  return backslashes % 2 === 1
}

function isColonNext(text: string, index: number): boolean {
  let next = index
  while (text[next] === ' ' || text[next] === '\n' || text[next] === '\r' || text[next] === '\t') next += 1
  return text[next] === ':'
}

function refusal(what: string, text: string, index: number, problem: string): StemmaError {
  return new StemmaError('INVALID_INPUT', `${what} ${problem}, see ${placeOf(text, index)}`, {
    hint: 'Two readers of such a document would not see the same values; write it anew without that.'
  })
}

function tooMany(what: string, limit: number, found: string): StemmaError {
  return new StemmaError('INVALID_INPUT', `${what} has more than ${limit} ${found}`, {
    hint: 'Log bulk data as an artifact, and keep only a summary in the metadata.',
    details: { limit }
  })
}

function placeOf(text: string, index: number): string {
  const before = text.slice(0, index).split('\n')
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
}
