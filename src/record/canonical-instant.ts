const CANONICAL_LENGTH = '2026-03-01T12:00:00.000Z'.length

/**
 * An instant in the format in which text order is order in time, `2026-03-01T12:00:00.000Z`. One that already has it, as all
 * have that a registry wrote, is given back without being read.
 *
 * @returns undefined for a text that is not an instant, and for years that need more than four digits.
 */
export function canonicalInstant(text: string): string | undefined {
  if (text.length === CANONICAL_LENGTH && text.endsWith('Z') && text.charCodeAt(10) === 0x54) return text
  const instantMs = Date.parse(text)
  if (Number.isNaN(instantMs)) return undefined
  const canonical = new Date(instantMs).toISOString()
  return canonical.length === CANONICAL_LENGTH ? canonical : undefined
}
