import { StemmaError } from '../errors/stemma-error.js'
import { parse } from '../schemas/parse.js'
import { BUILT_IN_STAGES, policySchema, type Policy } from '../schemas/policy.js'

/**
 * Completes the rules of a registry: own stages are added to the built-in ones, and every stage that a rule names must exist.
 *
 * @throws {StemmaError} INVALID_INPUT, INVALID_STAGE.
 */
export function checkPolicy(input: Partial<Policy>): Policy {
  const policy = parse(policySchema, { forbiddenMoves: [], reasonRequiredFor: [], ...input, stages: input.stages ?? [] }, { what: 'policy' })
  const stages = [...new Set([...BUILT_IN_STAGES, ...policy.stages])]
  if (stages.includes('latest')) {
    throw new StemmaError('INVALID_STAGE', 'policy: latest cannot be a stage, since name@latest means the highest version', { hint: 'choose another name' })
  }
  const named = [...policy.forbiddenMoves.flatMap(({ from, to }) => [from, to]), ...policy.reasonRequiredFor]
  for (const stage of named) {
    if (stage === '*' || stages.includes(stage)) continue
    throw new StemmaError('INVALID_STAGE', `policy: a rule names the stage ${stage}, which the registry does not have`, {
      hint: `add it to stages, or use one of ${stages.join(', ')}`,
      details: { stage, stages }
    })
  }
  return { ...policy, stages }
}
