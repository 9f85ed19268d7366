import { InvalidArgumentError } from 'commander'

/** Reads a whole number between two limits. */
export function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^[0-9]{1,10}$/.test(text) ? Number(text) : NaN
    if (number >= least && number <= most) return number
    throw new InvalidArgumentError(`Wanted a whole number from ${least} to ${most}.`)
  }
}

/** Gathers an option that may be repeated. */
export function list(text: string, before: readonly string[]): string[] {
  return [...before, text]
}
