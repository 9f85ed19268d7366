import { StemmaError } from '../errors/stemma-error.js'
import { parse } from '../schemas/parse.js'
import { BUILT_IN_STAGES, policySchema, type Policy } from '../schemas/policy.js'
import { readVersionText } from './version-selector.js'

/**
 * Completes the rules of a registry: own stages are added to the built-in ones, and every stage that a rule names must exist.
 *
 * @throws {StemmaError} INVALID_INPUT, INVALID_STAGE.
 */
export function checkPolicy(input: Partial<Policy>): Policy {
  const policy = parse(policySchema, { forbiddenMoves: [], reasonRequiredFor: [], ...input, stages: input.stages ?? [] }, { what: 'policy' })
  const stages = [...new Set([...BUILT_IN_STAGES, ...policy.stages])]
  for (const stage of policy.stages) {
    const problem = stageProblem(stage)
    if (problem === undefined) continue
    throw new StemmaError('INVALID_STAGE', `policy: ${stage} cannot be a stage: ${problem}`, { hint: 'choose another name', details: { stage } })
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

/** Why no reference could reach a version by this stage. */
function stageProblem(stage: string): string | undefined {
  if (stage === 'latest') return 'name@latest means the highest version'
  if (/^[0-9a-f]{64}$/i.test(stage)) return 'it reads as a digest'
  return readVersionText(stage) ? `name@${stage} means a version or a range of versions` : undefined
}
