import { StemmaError } from '../errors/stemma-error.js'
import type { VersionSummary } from '../schemas/model-version.js'
import type { Policy } from '../schemas/policy.js'
import type { TransitionRequest } from '../schemas/requests.js'
import { DEFAULT_AUDIENCE } from './audience.js'
import { checkExpectedCurrent, PRODUCTION } from './live-version.js'
import type { Decision, ModelState } from './model-state.js'
import { resolveReference } from './resolve-reference.js'
import { checkRules, checkStage, releaseAudiences, takeAudience, type StageMove } from './stage-rules.js'

/**
 * Decides on a move of a version to a stage, with all that it displaces, as one event.
 *
 * `expectedCurrent` is compared before anything else is decided, also for a version that is where it shall be: a caller that
 * repeats a promotion learns by CONFLICT that the version it expected is no longer live.
 *
 * @throws {StemmaError} NOT_FOUND, VERSION_DELETED, INVALID_STAGE, CONFLICT, FORBIDDEN_BY_RULE.
 */
export function decideTransition(state: ModelState, request: TransitionRequest, policy: Policy): Decision {
  const { stage, audience, reason } = request
  checkStage(stage, policy)
  const version = resolveReference(state, request.reference, policy)
  checkExpectedCurrent(state, audience ?? DEFAULT_AUDIENCE, request.expectedCurrent)
  if (isThere(version, stage, audience)) return { kind: 'unchanged', version }
  if (audience !== undefined) checkAudienceHasMeaning(version, stage, audience)
  checkRules({ version, to: stage, reason }, policy)
  const change = {
    action: 'transition' as const,
    ...moved(state, version, stage, audience),
    ...(reason === undefined ? {} : { reason })
  }
  return { kind: 'event', body: { type: 'stage.changed', data: change } }
}

function isThere(version: VersionSummary, stage: string, audience: string | undefined): boolean {
  if (version.stage !== stage) return false
  return stage !== PRODUCTION || version.audiences.includes(audience ?? DEFAULT_AUDIENCE)
}

function moved(state: ModelState, version: VersionSummary, stage: string, audience: string | undefined): StageMove {
  if (stage === PRODUCTION) return takeAudience(state, version, audience ?? DEFAULT_AUDIENCE)
  if (version.stage === PRODUCTION) return releaseAudiences(version, stage, audience)
  return { version: version.version, from: version.stage, to: stage }
}

function checkAudienceHasMeaning(version: VersionSummary, stage: string, audience: string): void {
  if (stage === PRODUCTION || version.stage === PRODUCTION) return
  const { name, version: number, stage: from } = version
  const what = `${name}@${number}: an audience ('${audience}') has no meaning for a move from ${from} to ${stage}`
  throw new StemmaError('INVALID_STAGE', what, {
    hint: 'Only moves to or from production have an audience; leave it out.',
    details: { model: name, version: number, from, to: stage, audience }
  })
}
