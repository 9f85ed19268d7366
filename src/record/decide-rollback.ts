import { StemmaError } from '../errors/stemma-error.js'
import type { VersionSummary } from '../schemas/model-version.js'
import type { Policy } from '../schemas/policy.js'
import type { RollbackRequest } from '../schemas/requests.js'
import { checkExpectedCurrent, liveVersion, PRODUCTION } from './live-version.js'
import type { Decision, ModelState } from './model-state.js'
import { resolveReference } from './resolve-reference.js'
import { checkRules, takeAudience } from './stage-rules.js'

/**
 * The version that a rollback would make live.
 *
 * Without `to`: the one that was live for the audience before the current one, or before the last one was taken out of
 * production. Deleted versions are passed over. What a rollback left behind is not come back to: a second rollback goes further
 * back. With `to`: that version, if it was in production before, for whatever audience; one that never was has not passed what
 * the registry asks of a promotion, so a rollback cannot bring it there.
 *
 * @throws {StemmaError} NOT_FOUND when there is nothing to go back to, or no such version; VERSION_DELETED; INVALID_INPUT when
 * `to` was never in production.
 */
export function rollbackTarget(state: ModelState, request: RollbackRequest, policy: Policy): VersionSummary {
  if (request.to === undefined) return formerlyLive(state, request.audience)
  const target = resolveReference(state, request.to, policy)
  if (state.everLive.has(target.sequence)) return target
  throw new StemmaError('INVALID_INPUT', `cannot roll back to ${state.name}@${target.version}: it was never in production`, {
    hint: `Promote it with transitionStage('${state.name}@${target.version}', 'production').`,
    details: { model: state.name, version: target.version, audience: request.audience }
  })
}

/**
 * Decides on making an earlier live version live again for an audience, as one event. The version that is rolled away from is
 * archived if it has no audience left. The rules of the registry hold for the target's move to production as for any other.
 *
 * @throws {StemmaError} CONFLICT, NOT_FOUND, VERSION_DELETED, INVALID_INPUT, FORBIDDEN_BY_RULE.
 */
export function decideRollback(state: ModelState, request: RollbackRequest, policy: Policy): Decision {
  const { audience, reason } = request
  checkExpectedCurrent(state, audience, request.expectedCurrent)
  const target = rollbackTarget(state, request, policy)
  if (target.audiences.includes(audience)) return { kind: 'unchanged', version: target }
  checkRules({ version: target, to: PRODUCTION, reason }, policy)
  const change = {
    action: 'rollback' as const,
    ...takeAudience(state, target, audience),
    ...(reason === undefined ? {} : { reason })
  }
  return { kind: 'event', body: { type: 'stage.changed', data: change } }
}

function formerlyLive(state: ModelState, audience: string): VersionSummary {
  const current = liveVersion(state, audience)
  const sequence = state.production.get(audience)?.stack.findLast((former) => {
    return former !== current?.sequence && state.versions[former - 1]?.deleted === undefined
  })
  const target = sequence === undefined ? undefined : state.versions[sequence - 1]
  if (target !== undefined) return target
  const now = current === undefined ? 'nothing is live' : `${current.version} is live`
  throw new StemmaError('NOT_FOUND', `${state.name} has nothing to go back to for audience '${audience}': ${now}, and nothing before it that was not taken back`, {
    hint: `history('${state.name}') shows what was live; name it as \`to\`, or make a version live with transitionStage().`,
    details: { model: state.name, audience, current: current?.version ?? null }
  })
}
