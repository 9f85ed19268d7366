import { InvalidArgumentError } from 'commander'

/** Reads a whole number between two limits. */
export function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^[0-9]{1,10}$/.test(text) ? Number(text) : NaN
    if (number >= least && number <= most) return number
    throw new InvalidArgumentError(`Wanted a whole number from ${least} to ${most}.`)
  }
}

/** Reads a number of at least 0, such as `1.5`. */
export function amount(text: string): number {
  const number = decimal(text)
  if (number >= 0) return number
  throw new InvalidArgumentError('Wanted a number of at least 0.')
}

/** Gathers an option that may be repeated. */
export function list(text: string, before: readonly string[]): string[] {
  return [...before, text]
}

/** Named values of an option that may be repeated, `auc=0.93`. */
export type Pairs<T> = ReadonlyMap<string, T>

/** Gathers `name=value` with values as text. */
export const textPairs = pairsOf((text) => text)

/** Gathers `name=value` with values as numbers. */
export const numberPairs = pairsOf(decimal)

/** The pairs as an object; `undefined` when there are none. */
export function objectOf<T>(pairs: Pairs<T>): Record<string, T> | undefined {
  return pairs.size === 0 ? undefined : Object.fromEntries(pairs)
}

/** The list; `undefined` when it is empty. */
export function filled<T>(items: T[]): T[] | undefined {
  return items.length === 0 ? undefined : items
}

function pairsOf<T>(read: (text: string) => T): (text: string, before: Pairs<T>) => Pairs<T> {
  return (text, before) => {
    const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    if (name === '') throw new InvalidArgumentError('Wanted name=value.')
    return new Map([...before, [name, read(value)]])
  }
}

function decimal(text: string): number {
  const number = text.trim() === '' ? NaN : Number(text)
  if (Number.isFinite(number)) return number
  throw new InvalidArgumentError('Wanted a number, for instance 0.93.')
}
