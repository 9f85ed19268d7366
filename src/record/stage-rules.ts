import { StemmaError } from '../errors/stemma-error.js'
import type { VersionSummary } from '../schemas/model-version.js'
import type { Policy } from '../schemas/policy.js'
import { liveVersion, PRODUCTION } from './live-version.js'
import type { ModelState } from './model-state.js'
import { quote } from './quote.js'

/** What a move of a version comes to: the part of a `stage.changed` event that the rules decide. */
export interface StageMove {
  version: string
  from: string
  to: string
  audience?: string
  released?: string[]
  replaced?: string
  archived?: string[]
}

/** A move that is asked for: whose, whither, and why. */
export interface AskedMove {
  version: VersionSummary
  to: string
  reason?: string | undefined
}

/** @throws {StemmaError} INVALID_STAGE listing the stages that there are, when the registry does not know this one. */
export function checkStage(stage: string, policy: Policy): void {
  if (policy.stages.includes(stage)) return
  throw new StemmaError('INVALID_STAGE', `there is no stage ${quote(stage).replaceAll('"', "'")}; the stages are ${policy.stages.join(', ')}`, {
    hint: 'Own stages are set when the registry is created.',
    details: { ...(typeof stage === 'string' ? { stage } : {}), stages: policy.stages }
  })
}

/**
 * Checks a move against the rules of the registry. Only the move that is asked for is checked, never what it displaces, so that a
 * rule cannot keep a replaced version live. A rule for `production` to `production` concerns a further audience.
 *
 * @throws {StemmaError} FORBIDDEN_BY_RULE quoting the rule's reason, or asking for the caller's.
 */
export function checkRules(move: AskedMove, policy: Policy): void {
  const { name, version, stage: from } = move.version
  const what = `${name}@${version} may not go from ${from} to ${move.to}`
  const rule = policy.forbiddenMoves.find((one) => matches(one.from, from) && matches(one.to, move.to))
  if (rule !== undefined) {
    throw new StemmaError('FORBIDDEN_BY_RULE', `${what}: ${rule.because ?? 'a rule of this registry forbids it'}`, {
      hint: `The rule forbids moves from ${rule.from} to ${rule.to}. Go by another stage, or have the registry's rules changed.`,
      details: { model: name, version, from, to: move.to, rule }
    })
  }
  if ((move.reason ?? '').trim() !== '' || !policy.reasonRequiredFor.some((stage) => matches(stage, move.to))) return
  throw new StemmaError('FORBIDDEN_BY_RULE', `${what} without a reason: this registry requires one for ${move.to}`, {
    hint: `Pass { reason: '…' }; it is kept in the history.`,
    details: { model: name, version, from, to: move.to }
  })
}

function matches(rule: string, stage: string): boolean {
  return rule === '*' || rule === stage
}

/**
 * What it takes to make a version live for an audience: the version that has the audience now loses it, and is archived if that
 * was its last one.
 */
export function takeAudience(state: ModelState, version: VersionSummary, audience: string): StageMove {
  const change = { version: version.version, from: version.stage, to: PRODUCTION, audience }
  const replaced = liveVersion(state, audience)
  if (replaced === undefined) return change
  const isLast = replaced.audiences.every((held) => held === audience)
  return { ...change, replaced: replaced.version, ...(isLast ? { archived: [replaced.version] } : {}) }
}

/**
 * What it takes to take a version out of production: it gives up the audience, or all of them if none is said. It leaves
 * the stage only with its last audience; before that it stays where it is.
 *
 * @throws {StemmaError} INVALID_STAGE when it is not live for that audience.
 */
export function releaseAudiences(version: VersionSummary, to: string, audience: string | undefined): StageMove {
  const { name, audiences } = version
  const change = { version: version.version, from: version.stage }
  if (audience === undefined) return { ...change, to, released: audiences }
  if (!audiences.includes(audience)) {
    throw new StemmaError('INVALID_STAGE', `${name}@${version.version} is not live for audience '${audience}'`, {
      hint: `It is live for ${audiences.map((held) => `'${held}'`).join(', ')}; name one of these, or none to give up all.`,
      details: { model: name, version: version.version, audience, audiences }
    })
  }
  return { ...change, to: audiences.length === 1 ? to : PRODUCTION, audience, released: [audience] }
}
