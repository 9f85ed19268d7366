import type { Fail } from './query-error.js'

const BARE_SEGMENT = /[\p{L}\p{N}_$@][\p{L}\p{M}\p{N}_$@/-]*/uy
const BARE_ONLY = /^[\p{L}\p{N}_$@][\p{L}\p{M}\p{N}_$@/-]*$/u

/** A field path found in a text, or what is wrong with it. `bare`: one segment without quotes, which may be a keyword. */
export type FieldPathScan =
  | { ok: true; path: string[]; bare: boolean; end: number }
  | { ok: false; message: string; hint: string; start: number; end: number }

/**
 * Reads the field path that begins at `start`, as far as it goes. Segments are joined by dots. A segment is letters, digits
 * and `_ $ @ / -` (not first: `/ -`), or anything at all in double quotes or backticks, where a doubled quote stands for one.
 */
export function scanFieldPath(text: string, start: number): FieldPathScan {
  const path: string[] = []
  let quoted = false
  let at = start
  for (;;) {
    const first = text.charAt(at)
    if (first === '"' || first === '`') {
      const segment = scanQuoted(text, at)
      if (segment === undefined) {
        return { ok: false, message: `the ${first} is never closed`, hint: `Close the name with another ${first}`, start: at, end: at + 1 }
      }
      quoted = true
      path.push(segment.value)
      at = segment.end
    } else {
      BARE_SEGMENT.lastIndex = at
      const name = BARE_SEGMENT.exec(text)?.[0]
      if (name === undefined) {
        const message = path.length === 0 ? 'a field name is missing' : 'a name is missing after the dot'
        return { ok: false, message, hint: 'Put names with other characters into double quotes: tags."my key"', start: at, end: at + 1 }
      }
      path.push(name)
      at += name.length
    }
    if (text.charAt(at) !== '.') return { ok: true, path, bare: !quoted && path.length === 1, end: at }
    at += 1
  }
}

/** What stands between the quote at `start` and the one that closes it, doubled ones undone. Also for text in single quotes. */
export function scanQuoted(text: string, start: number): { value: string; end: number } | undefined {
  const quote = text.charAt(start)
  for (let close = text.indexOf(quote, start + 1); close !== -1; close = text.indexOf(quote, close + 2)) {
    if (text.charAt(close + 1) === quote) continue
    return { value: text.slice(start + 1, close).replaceAll(quote + quote, quote), end: close + 1 }
  }
  return undefined
}

/**
 * The segments of a field path: `tags."my.key"` → `['tags', 'my.key']`. Calls `fail` for a text that is not one.
 *
 * @example
 * ```ts
 * parseFieldPath('environment.dependencies."lodash.merge"', fail) // ['environment', 'dependencies', 'lodash.merge']
 * ```
 */
export function parseFieldPath(text: string, fail: Fail): string[] {
  const scan = scanFieldPath(text, 0)
  if (!scan.ok) return fail(scan.message, scan.hint)
  if (scan.end < text.length) {
    return fail(
      `the field name cannot have ${JSON.stringify(text.charAt(scan.end))} outside quotes`,
      'Put names with other characters into double quotes: tags."my key"'
    )
  }
  return scan.path
}

/** Segments as a field path: `['tags', 'my.key']` → `tags."my.key"`. {@link parseFieldPath} gives them back. */
export function formatFieldPath(path: readonly string[]): string {
  return path.map((segment) => (BARE_ONLY.test(segment) ? segment : `"${segment.replaceAll('"', '""')}"`)).join('.')
}
