import type { MutationOptions } from '../backends/backend.js'
import { StemmaError } from '../errors/stemma-error.js'
import { formatReference } from '../record/format-reference.js'
import { toReference } from '../record/parse-reference.js'
import { assertNoSecrets } from '../record/secret-scan.js'
import type { ModelVersion } from '../schemas/model-version.js'
import type { Reference, ReferenceInput } from '../schemas/reference.js'
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
  return context.backend.deleteVersion({ reference: oneVersion(toReference(reference)), reason }, { signal, operationId, actor: actor ?? context.actor })
}

/** A tombstone stays for ever, so that the version must be named: what is the latest may have changed since the caller looked. */
function oneVersion(reference: Reference): Reference {
  const { kind } = reference.selector
  if (kind !== 'latest' && kind !== 'range') return reference
  throw new StemmaError('INVALID_REFERENCE', `deleteVersion: ${formatReference(reference)} does not name one version`, {
    hint: `write for instance ${reference.name}@1.0.2 or ${reference.name}#3`,
    details: { reference: formatReference(reference) }
  })
}
