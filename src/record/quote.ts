// Control and format characters and lone surrogates: those that a terminal obeys or hides instead of showing.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu
const MAX_SHOWN = 200

/**
 * A text from outside in double quotes, fit for a message: what a terminal would obey or hide is escaped, and a long text is cut
 * at 200 characters. A value that is no text gives its type, without quotes.
 *
 * @example
 * ```ts
 * quote('a\u202Eb') // '"a\\u202eb"'
 * ```
 */
export function quote(text: unknown): string {
  if (typeof text !== 'string') return text === null ? 'null' : typeof text
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
  const escaped = shown.replaceAll(/["\\]/g, '\\$&').replaceAll(UNPRINTABLE, (found) => {
    const code = found.codePointAt(0) ?? 0
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`
  })
  return `"${escaped}"`
}
