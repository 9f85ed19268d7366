import isGreater from 'semver/functions/gt.js'
import parseSemver from 'semver/functions/parse.js'
import sortSemver from 'semver/functions/sort.js'
import { StemmaError } from '../errors/stemma-error.js'
import { isNearName, nearestNames } from '../util/nearest-names.js'
import type { ModelState } from './model-state.js'

const NEAREST = 5

/** The error for a reference that means no version: what was asked, why there is none, and what there is instead. */
export function notFound(state: ModelState, asked: string, why: string, details: Readonly<Record<string, unknown>> = {}): StemmaError {
  return new StemmaError('NOT_FOUND', `${state.name}${asked} was not found: ${why}`, {
    hint: `versions('${state.name}') lists what there is.`,
    details: { model: state.name, reference: `${state.name}${asked}`, ...details }
  })
}

/** The error for a model that is asked for as it was before it was made. @param atMs milliseconds since 1970. */
export function notYetThere({ name, createdTs }: ModelState, atMs: number): StemmaError {
  const [at, createdAt] = [new Date(atMs).toISOString(), new Date(createdTs).toISOString()]
  return new StemmaError('NOT_FOUND', `${name} did not exist yet at ${at}; its first version was logged at ${createdAt}`, {
    hint: `Ask for a later time, or leave ?at= out. history('${name}') shows what happened when.`,
    details: { model: name, reference: `${name}?at=${at}`, createdAt }
  })
}

/**
 * The error for a model that is not there.
 *
 * @param models the names of those that are, where they are at hand.
 */
export function noSuchModel(name: string, models: readonly string[] = []): StemmaError {
  const near = nearestNames(name, models).filter((known) => isNearName(name, known) || known.endsWith(`/${name}`))
  const meant = near.slice(0, NEAREST)
  return new StemmaError('NOT_FOUND', `there is no model ${name}`, {
    hint: `${meant.length === 0 ? '' : `Did you mean ${meant.join(' or ')}? `}models() lists those there are.`,
    details: { model: name, ...(meant.length === 0 ? {} : { models: meant }) }
  })
}

/** {@link notFound} that lists the versions nearest to `wanted`, or the newest ones when it is not a version. */
export function unknownVersion(state: ModelState, asked: string, wanted: string | undefined): StemmaError {
  const versions = nearestVersions(state, wanted)
  const why = versions.length === 0 ? 'all versions were deleted' : `the nearest are ${versions.join(', ')}`
  return notFound(state, asked, why, { versions })
}

/** Up to five versions that were not deleted, ascending, those around `wanted`; without it the newest. */
function nearestVersions(state: ModelState, wanted: string | undefined): string[] {
  const present = state.versions.filter((version) => version.deleted === undefined).map((version) => version.version)
  const number = wanted === undefined ? null : parseSemver(wanted)
  if (number === null) return present.slice(-NEAREST)
  const sorted = sortSemver(present)
  const above = sorted.findIndex((version) => isGreater(version, number))
  const middle = above === -1 ? sorted.length : above
  const start = Math.max(0, Math.min(middle - Math.ceil(NEAREST / 2), sorted.length - NEAREST))
  return sorted.slice(start, start + NEAREST)
}
