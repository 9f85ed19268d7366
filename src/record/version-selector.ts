import parseSemver from 'semver/functions/parse.js'
import validRange from 'semver/ranges/valid.js'

/** What a text about versions says: one exact version, or a range of them. `build`: it has build metadata, which stemma refuses. */
export type VersionText = { kind: 'version'; version: string } | { kind: 'range'; range: string } | { kind: 'build' }

/**
 * Reads a text as an exact version (a leading `v` is dropped) or as a range (white space is collapsed).
 *
 * @returns `undefined` for a text that semver reads as neither.
 */
export function readVersionText(text: string): VersionText | undefined {
  const trimmed = text.trim().replaceAll(/\s+/g, ' ')
  if (trimmed === '' || validRange(trimmed) === null) return undefined
  if (trimmed.includes('+')) return { kind: 'build' }
  const exact = parseSemver(trimmed)
  return exact ? { kind: 'version', version: exact.version } : { kind: 'range', range: trimmed }
}
