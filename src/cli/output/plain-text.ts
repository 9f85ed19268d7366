/** What steers a terminal, breaks a line, turns the direction of reading or is not seen; but for the joiners that some scripts need. */
const UNSEEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu
/** The same of what `JSON.stringify` leaves as it is. */
const UNSEEN_IN_JSON = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu

/**
 * One line of text that is shown as what it is. Names, reasons and tags come from outside: what could steer a terminal is written
 * out, `\u{1b}`.
 */
export function plainText(text: string): string {
  return text.replace(UNSEEN, (sign) => (sign === '\n' ? '\\n' : sign === '\t' ? '\\t' : `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`))
}

/** A value as one line of JSON, in which nothing steers a terminal either. */
export function plainJson(value: unknown): string {
  return (JSON.stringify(value) as string | undefined ?? 'null').replace(UNSEEN_IN_JSON, (sign) =>
    Array.from({ length: sign.length }, (_, index) => `\\u${sign.charCodeAt(index).toString(16).padStart(4, '0')}`).join('')
  )
}
