import { StemmaError } from '../errors/stemma-error.js'
import { quote } from '../record/quote.js'
import { readVersionText } from '../record/version-selector.js'

/**
 * Checks `expectedCurrent`, which is compared with a version's number: anything else could only ever be a CONFLICT.
 *
 * @returns the version in semver's own spelling; `null` and `undefined` as they are.
 * @throws {StemmaError} INVALID_INPUT with the form that is wanted.
 */
export function checkExpectedCurrent(expected: string | null | undefined): string | null | undefined {
  if (expected === null || expected === undefined) return expected
  const given = readVersionText(expected)
  if (given?.kind === 'version') return given.version
  const meant = readVersionText(expected.slice(expected.lastIndexOf('@') + 1))
  const version = meant?.kind === 'version' ? meant.version : '1.0.2'
  throw new StemmaError('INVALID_INPUT', `expectedCurrent: ${quote(expected)} is not a version number`, {
    hint: `Write the bare number of the version that must be live now, expectedCurrent: '${version}', or null for none.`,
    details: { expectedCurrent: expected }
  })
}
