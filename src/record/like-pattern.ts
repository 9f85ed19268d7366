const ANY_ONE = -1
const ANY_MANY = -2

/**
 * Compiles a `like` pattern: `%` stands for any characters, also none; `_` for any one; `\` takes the next character as it
 * is. Case counts, and the whole text must match. A character is a Unicode code point.
 *
 * The work is bounded by length of pattern × length of text, whatever they hold: only the last `%` is ever tried again.
 *
 * @example
 * ```ts
 * compileLike('resnet-%')('resnet-50') // true
 * ```
 */
export function compileLike(pattern: string): (text: string) => boolean {
  const steps = readPattern(pattern)
  const open = steps[0] === ANY_MANY
  const openEnd = steps.at(-1) === ANY_MANY
  const inner = steps.slice(open ? 1 : 0, openEnd ? -1 : undefined)
  if (inner.some((step) => step < 0)) return (text) => matches(steps, text)

  // What people mostly write has `%` at its ends only, or none: the engine's own search is several times as fast.
  const literal = inner.map((step) => String.fromCodePoint(step)).join('')
  if (open && openEnd) return literal === '' ? () => true : (text) => text.includes(literal)
  if (open) return (text) => text.endsWith(literal)
  if (openEnd) return (text) => text.startsWith(literal)
  return (text) => text === literal
}

/** Whether a pattern ends in a `\` that has nothing to take. */
export function endsInLoneEscape(pattern: string): boolean {
  const backslashes = /\\*$/.exec(pattern)?.[0].length ?? 0
  return backslashes % 2 === 1
}

function readPattern(pattern: string): number[] {
  const steps: number[] = []
  let escaped = false
  for (const character of pattern) {
    if (!escaped && character === '\\') escaped = true
    else {
      if (escaped || (character !== '%' && character !== '_')) steps.push(character.codePointAt(0) ?? 0)
      else if (character === '_') steps.push(ANY_ONE)
      else if (steps.at(-1) !== ANY_MANY) steps.push(ANY_MANY)
      escaped = false
    }
  }
  if (escaped) steps.push(0x5c)
  return steps
}

function matches(steps: readonly number[], text: string): boolean {
  let step = 0
  let at = 0
  let afterMany = -1
  let retryAt = 0
  while (at < text.length) {
    const wanted = steps[step]
    const found = text.codePointAt(at) ?? 0
    if (wanted === ANY_MANY) {
      step += 1
      afterMany = step
      retryAt = at
    } else if (wanted === ANY_ONE || wanted === found) {
      step += 1
      at += found > 0xffff ? 2 : 1
    } else if (afterMany !== -1) {
      retryAt += (text.codePointAt(retryAt) ?? 0) > 0xffff ? 2 : 1
      at = retryAt
      step = afterMany
    } else return false
  }
  while (steps[step] === ANY_MANY) step += 1
  return step === steps.length
}
