import compareSemver from 'semver/functions/compare.js'
import increment from 'semver/functions/inc.js'
import parseSemver from 'semver/functions/parse.js'
import { StemmaError } from '../errors/stemma-error.js'
import { quote } from './quote.js'

/** An exact version, or how to raise the highest one there is. */
export type VersionRequest = { exact: string } | { bump: 'major' | 'minor' | 'patch' | 'prerelease' }

/**
 * The number of the next version. A bump raises the highest existing one; the first version is `1.0.0`, or `1.0.0-0` for a
 * prerelease. An exact version only has to be free: `1.2.4` may follow `2.0.0`.
 *
 * @param existing every number that was ever given out, those of deleted versions included, in any order.
 * @throws {StemmaError} INVALID_VERSION for what is not semver, or has build metadata; ALREADY_EXISTS for a number that is taken.
 * @example
 * ```ts
 * nextVersion(['1.0.0', '1.1.0'], { bump: 'patch' }) // '1.1.1'
 * ```
 */
export function nextVersion(existing: readonly string[], request: VersionRequest): string {
  if ('bump' in request) return raise(highestOf(existing), request.bump)
  const version = checkVersion(request.exact)
  if (!existing.includes(version)) return version
  const free = raise(highestOf(existing), 'patch')
  throw new StemmaError(
    'ALREADY_EXISTS',
    `version ${version} is already taken; numbers are never reused, not even those of deleted versions`,
    {
      hint: `Leave the version out to get ${free}, or name a free one.`,
      details: { version, next: free }
    }
  )
}

/**
 * Checks an exact version: semver without build metadata. A leading `v` is dropped.
 *
 * @returns the version in semver's own spelling.
 * @throws {StemmaError} INVALID_VERSION
 */
export function checkVersion(text: string): string {
  const parsed = typeof text === 'string' ? parseSemver(text) : null
  if (!parsed) {
    throw new StemmaError('INVALID_VERSION', `version ${quote(text)} is not semver; wanted major.minor.patch`, {
      hint: 'Write for instance 1.0.2 or 2.0.0-rc.1.',
      details: { version: text }
    })
  }
  if (parsed.build.length > 0) {
    throw new StemmaError('INVALID_VERSION', `version ${quote(text)} has build metadata ("+"), which does not tell versions apart`, {
      hint: `Use ${parsed.version}, and log the build as a tag.`,
      details: { version: text, suggestion: parsed.version }
    })
  }
  return parsed.version
}

function highestOf(existing: readonly string[]): string | undefined {
  let highest: string | undefined
  for (const version of existing) {
    if (highest === undefined || compareSemver(version, highest) > 0) highest = version
  }
  return highest
}

function raise(highest: string | undefined, bump: 'major' | 'minor' | 'patch' | 'prerelease'): string {
  if (highest === undefined) return bump === 'prerelease' ? '1.0.0-0' : '1.0.0'
  const next = increment(highest, bump)
  // Past the largest safe integer, semver gives up or gives a version that it cannot read again.
  if (next === null || parseSemver(next) === null || compareSemver(next, highest) <= 0) {
    throw new StemmaError('INVALID_VERSION', `version ${highest} cannot be raised by a ${bump} step: a number would be too large`, {
      hint: 'Give the next version exactly.',
      details: { version: highest, bump }
    })
  }
  return next
}
