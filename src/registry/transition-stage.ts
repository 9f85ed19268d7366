import type { MutationOptions } from '../backends/backend.js'
import { checkAudience } from '../record/audience.js'
import { toReference } from '../record/parse-reference.js'
import { assertNoSecrets } from '../record/secret-scan.js'
import type { ModelVersion } from '../schemas/model-version.js'
import type { ReferenceInput } from '../schemas/reference.js'
import { checkExpectedCurrent } from './check-expected-current.js'
import { checkText, parseMutation, transitionOptionsSchema } from './check-options.js'
import { beginCall, type RegistryContext } from './context.js'

/** A stage: one of the built-in ones, or of the registry's own. */
export type Stage = 'none' | 'staging' | 'production' | 'archived' | (string & {})

/** Options of `transitionStage`. */
export interface TransitionOptions extends MutationOptions {
  /**
   * Whom the version shall serve: a segment, a site, an A/B bucket. Only for moves into or out of `production`.
   * @default `default` on the way in; all of the version's audiences on the way out
   */
  audience?: string | undefined
  /** Why; kept in the history. */
  reason?: string | undefined
  /** The number of the version that must be live for the audience now, `1.0.2`, or `null` for none. @default not checked */
  expectedCurrent?: string | null | undefined
}

/** Moves a version to a stage; see `Registry.transitionStage`. */
export async function transitionStage(
  context: RegistryContext,
  reference: string | ReferenceInput,
  stage: Stage,
  options: TransitionOptions = {}
): Promise<ModelVersion> {
  const signal = beginCall(context, options.signal)
  const { operationId, actor, audience, reason, expectedCurrent } = parseMutation(transitionOptionsSchema, options, 'transitionStage options')
  assertNoSecrets(checkText(reason, 'reason') ?? '', 'reason', [])
  return context.backend.transition(
    {
      reference: toReference(reference),
      stage,
      audience: audience === undefined ? undefined : checkAudience(audience),
      reason,
      expectedCurrent: checkExpectedCurrent(expectedCurrent)
    },
    { signal, operationId, actor: actor ?? context.actor }
  )
}
