import type { MutationOptions } from '../backends/backend.js'
import { toReference } from '../record/parse-reference.js'
import { assertNoSecrets } from '../record/secret-scan.js'
import type { ModelVersion } from '../schemas/model-version.js'
import type { ReferenceInput } from '../schemas/reference.js'
import { checkText, deleteOptionsSchema, parseMutation } from './check-options.js'
import { beginCall, type RegistryContext } from './context.js'

/** Options of `deleteVersion`. */
export interface DeleteOptions extends MutationOptions {
  /** Why; kept in the history. Required: a deletion without a reason helps no audit. */
  reason: string
}

/** Puts a tombstone on a version; see `Registry.deleteVersion`. */
export async function deleteVersion(context: RegistryContext, reference: string | ReferenceInput, options: DeleteOptions): Promise<ModelVersion> {
  const signal = beginCall(context, options.signal)
  const { reason, operationId, actor } = parseMutation(
    deleteOptionsSchema,
    options,
    'deleteVersion options',
    "say why: deleteVersion(ref, { reason: 'trained on withdrawn data' })"
  )
  assertNoSecrets(checkText(reason, 'reason') ?? '', 'reason', [])
  return context.backend.deleteVersion({ reference: toReference(reference), reason }, { signal, operationId, actor: actor ?? context.actor })
}
