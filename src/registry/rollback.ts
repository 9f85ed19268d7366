import type { MutationOptions } from '../backends/backend.js'
import { checkAudience } from '../record/audience.js'
import { checkModelName } from '../record/model-name.js'
import { toReference } from '../record/parse-reference.js'
import { assertNoSecrets } from '../record/secret-scan.js'
import type { ModelVersion } from '../schemas/model-version.js'
import type { TransferOptions } from '../util/options.js'
import { checkExpectedCurrent } from './check-expected-current.js'
import { checkText, parseMutation, rollbackOptionsSchema } from './check-options.js'
import { beginCall, type RegistryContext } from './context.js'

/** Options of `rollback`. */
export interface RollbackOptions extends MutationOptions, TransferOptions {
  /** @default 'default' */
  audience?: string | undefined
  /** Why; kept in the history. */
  reason?: string | undefined
  /** The version to go back to, `1.0.1` or `#3`. @default the one that was live before the current one */
  to?: string | number | undefined
  /** The number of the version that must be live now, `1.0.2`, or `null` for none. @default not checked */
  expectedCurrent?: string | null | undefined
}

/** Makes an earlier version live again; see `Registry.rollback`. */
export async function rollback(context: RegistryContext, name: string, options: RollbackOptions = {}): Promise<ModelVersion> {
  const signal = beginCall(context, options.signal)
  const { operationId, actor, audience, reason, expectedCurrent, to } = parseMutation(rollbackOptionsSchema, options, 'rollback options')
  assertNoSecrets(checkText(reason, 'reason') ?? '', 'reason', [])
  const model = checkModelName(name)
  return context.backend.rollback(
    {
      name: model,
      audience: checkAudience(audience ?? 'default'),
      to: target(model, to),
      reason,
      expectedCurrent: checkExpectedCurrent(expectedCurrent)
    },
    { signal, operationId, actor: actor ?? context.actor, onProgress: options.onProgress }
  )
}

function target(name: string, to: string | number | undefined): ReturnType<typeof toReference> | undefined {
  if (to === undefined) return undefined
  if (typeof to === 'number') return toReference({ name, sequence: to })
  return toReference(to.startsWith('#') ? `${name}${to}` : `${name}@${to}`)
}
