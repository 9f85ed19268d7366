import type { SemVer } from 'semver'
import parseSemver from 'semver/functions/parse.js'
import maxSatisfying from 'semver/ranges/max-satisfying.js'
import minVersion from 'semver/ranges/min-version.js'
import validRange from 'semver/ranges/valid.js'
import { StemmaError } from '../errors/stemma-error.js'
import type { VersionSummary } from '../schemas/model-version.js'
import type { Policy } from '../schemas/policy.js'
import type { Reference } from '../schemas/reference.js'
import { DEFAULT_AUDIENCE } from './audience.js'
import { liveAudiences, liveVersion, PRODUCTION } from './live-version.js'
import type { ModelState } from './model-state.js'
import { noSuchModel, notFound, unknownVersion } from './not-found.js'

/**
 * The version that a reference means in a state. Which state (`reference.at`) is for the caller to choose.
 *
 * - `latest`: the highest version without a prerelease part; if all have one, the highest of them.
 * - a range: the highest version in it, by the rules of semver for prereleases.
 * - a digest: the newest version with it.
 * - `production`: the version that is live for the audience, `default` if not said.
 * - another stage: the version that entered it last.
 * - an alias.
 *
 * Only an exact version, a sequence or a digest can name a deleted version; everything else passes over it.
 *
 * @throws {StemmaError} NOT_FOUND with what there is instead; VERSION_DELETED; INVALID_REFERENCE for an audience where it has no
 * meaning.
 */
export function resolveReference(state: ModelState, reference: Reference, policy: Policy): VersionSummary {
  const version = locateVersion(state, reference, policy)
  if (version.deleted === undefined) return version
  const { at, reason } = version.deleted
  throw new StemmaError('VERSION_DELETED', `${state.name}@${version.version} was deleted on ${at}: ${reason}`, {
    hint: 'Its history remains. Choose another version, or log it again under a new number.',
    details: { model: state.name, version: version.version, sequence: version.sequence, deletedAt: at }
  })
}

/** As {@link resolveReference}, but an exact version, sequence or digest gives also a deleted version. */
export function locateVersion(state: ModelState, reference: Reference, policy: Policy): VersionSummary {
  const { selector } = reference
  if (reference.audience !== undefined && !(selector.kind === 'label' && selector.label === PRODUCTION)) {
    throw new StemmaError('INVALID_REFERENCE', `${state.name}: an audience goes only with the stage production`, {
      hint: `Write ${state.name}@production?audience=${reference.audience}, or leave the audience out.`,
      details: { model: state.name, audience: reference.audience }
    })
  }
  if (state.versions.length === 0) throw noSuchModel(state.name)
  switch (selector.kind) {
    case 'latest':
      return latestVersion(state) ?? fail(notFound(state, '@latest', 'all its versions were deleted'))
    case 'version':
      return byNumber(state, selector.version) ?? fail(unknownVersion(state, `@${selector.version}`, selector.version))
    case 'range':
      return inRange(state, selector.range) ?? fail(unknownVersion(state, `@${selector.range}`, rangeFloor(selector.range)))
    case 'sequence':
      return bySequence(state, selector.sequence)
    case 'digest':
      return byDigest(state, selector.digest) ?? fail(unknownVersion(state, `@${selector.digest}`, undefined))
    case 'label':
      return byLabel(state, selector.label, reference.audience ?? DEFAULT_AUDIENCE, policy)
  }
}

/**
 * The highest version that was not deleted: of those without a prerelease part, else of all. `undefined` when there is none.
 * Versions that differ only in build metadata are ordered by it.
 */
export function latestVersion(state: ModelState): VersionSummary | undefined {
  let best: { number: SemVer; version: VersionSummary } | undefined
  for (const version of state.versions) {
    if (version.deleted !== undefined) continue
    const number = parseSemver(version.version)
    if (number === null) continue
    if (best === undefined || isAhead(number, best.number)) best = { number, version }
  }
  return best?.version
}

function isAhead(number: SemVer, than: SemVer): boolean {
  const released = number.prerelease.length === 0
  if (released !== (than.prerelease.length === 0)) return released
  return (number.compare(than) || number.compareBuild(than)) > 0
}

function byNumber(state: ModelState, number: string): VersionSummary | undefined {
  const sequence = state.sequences.get(number)
  return sequence === undefined ? undefined : state.versions[sequence - 1]
}

function bySequence(state: ModelState, sequence: number): VersionSummary {
  return state.versions[sequence - 1] ?? fail(notFound(state, `#${sequence}`, `sequences go from 1 to ${state.versions.length}`))
}

function inRange(state: ModelState, range: string): VersionSummary | undefined {
  const numbers = state.versions.filter((version) => version.deleted === undefined).map((version) => version.version)
  const highest = maxSatisfying(numbers, range)
  return highest === null ? undefined : byNumber(state, highest)
}

function rangeFloor(range: string): string | undefined {
  return validRange(range) === null ? undefined : minVersion(range)?.version
}

function byDigest(state: ModelState, digest: string): VersionSummary | undefined {
  const found = state.versions.filter((version) => version.digest === digest)
  return found.findLast((version) => version.deleted === undefined) ?? found.at(-1)
}

function byLabel(state: ModelState, label: string, audience: string, policy: Policy): VersionSummary {
  if (label === PRODUCTION) return liveVersion(state, audience) ?? fail(nobodyLive(state, audience))
  if (policy.stages.includes(label)) {
    return enteredLast(state, label) ?? fail(notFound(state, `@${label}`, `no version is in ${label}`))
  }
  const sequence = state.aliases.get(label)
  const version = sequence === undefined ? undefined : state.versions[sequence - 1]
  if (version !== undefined) return version
  const aliases = [...state.aliases.keys()].sort()
  const known = aliases.length === 0 ? 'it has no aliases' : `its aliases are ${aliases.slice(0, 10).join(', ')}`
  throw notFound(state, `@${label}`, `no stage and no alias has that name; ${known}`, { aliases, stages: policy.stages })
}

function enteredLast(state: ModelState, stage: string): VersionSummary | undefined {
  let last: { at: number; version: VersionSummary } | undefined
  for (const version of state.versions) {
    if (version.stage !== stage || version.deleted !== undefined) continue
    const at = state.enteredStageAt.get(version.sequence) ?? -1
    if (last === undefined || at > last.at) last = { at, version }
  }
  return last?.version
}

function nobodyLive(state: ModelState, audience: string): StemmaError {
  const live = liveAudiences(state)
  const others = live.map(([held, number]) => `${number} for '${held}'`).join(', ')
  const instead = live.length === 0 ? 'nothing is in production' : `live are ${others}`
  return notFound(state, '@production', `no version is live for audience '${audience}'; ${instead}`, {
    audience,
    live: Object.fromEntries(live)
  })
}

function fail(error: StemmaError): never {
  throw error
}
