/** What a stage or an alias may be written with: 1 to 128 letters, digits, `.`, `_` and `-`, the first a letter or digit. */
const LABEL = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/** Whether a text has only the characters of a stage or an alias. */
export function isLabel(text: string): boolean {
  return LABEL.test(text)
}
