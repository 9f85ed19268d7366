import { StemmaError } from '../errors/stemma-error.js'
import type { VersionSummary } from '../schemas/model-version.js'
import type { ModelState } from './model-state.js'

/** The stage that holds one version per audience. */
export const PRODUCTION = 'production'

/** The stage of versions that were replaced, taken out or deleted. */
export const ARCHIVED = 'archived'

/**
 * The version that is live for an audience, or `undefined` when there is none.
 *
 * @example
 * ```ts
 * liveVersion(state, 'berlin')?.version // '1.0.2'
 * ```
 */
export function liveVersion(state: ModelState, audience: string): VersionSummary | undefined {
  const held = state.production.get(audience)
  const sequence = held?.live === true ? held.stack.at(-1) : undefined
  return sequence === undefined ? undefined : state.versions[sequence - 1]
}

/** Audiences that have a live version, with its number, sorted. */
export function liveAudiences(state: ModelState): [audience: string, version: string][] {
  const live: [string, string][] = []
  for (const audience of [...state.production.keys()].sort()) {
    const version = liveVersion(state, audience)
    if (version !== undefined) live.push([audience, version.version])
  }
  return live
}

/**
 * Compares the version that a caller believes to be live with the one that is. `undefined` compares nothing, `null` means none.
 *
 * @throws {StemmaError} CONFLICT naming the one that is live, with `details` `{ model, audience, expected, current }`.
 */
export function checkExpectedCurrent(state: ModelState, audience: string, expected: string | null | undefined): void {
  if (expected === undefined) return
  const current = liveVersion(state, audience)?.version ?? null
  if (current === expected) return
  throw new StemmaError(
    'CONFLICT',
    `${state.name}: expected ${expected ?? 'no version'} to be live for audience '${audience}', but ${current ?? 'no version'} is`,
    {
      hint: 'Look at what is live now and decide again; leave out expectedCurrent to change it whatever is there.',
      details: { model: state.name, audience, expected, current }
    }
  )
}
