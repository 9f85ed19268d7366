import * as z from 'zod'
import type { MutationOptions } from '../backends/backend.js'
import { StemmaError } from '../errors/stemma-error.js'
import { checkMetadata, checkNumbers, checkTags, EVENT_LIMITS } from '../record/metadata-value.js'
import { toReference } from '../record/parse-reference.js'
import { assertNoSecrets } from '../record/secret-scan.js'
import type { ApprovalInput, ModelVersion } from '../schemas/model-version.js'
import { parse } from '../schemas/parse.js'
import type { ReferenceInput } from '../schemas/reference.js'
import { checkMutation, checkText, parseOptions, updateChangesSchema } from './check-options.js'
import { beginCall, type RegistryContext } from './context.js'
import { refuseSecretShapes } from './refuse-secret-shapes.js'

/** What `updateMetadata` changes; what is not named stays. Old values remain readable in the history. */
export interface MetadataChanges {
  /** Tags to set; `null` takes one away. */
  tags?: Record<string, string | null> | undefined
  /** `null` takes it away. */
  description?: string | null | undefined
  /** Metrics to add or replace, for instance those measured after deployment. */
  metrics?: Record<string, number> | undefined
  /** Aliases that shall point at this version; one that points elsewhere moves. */
  aliases?: string[] | undefined
  /** Aliases of this version to take away. */
  removeAliases?: string[] | undefined
  /** A yes or no to be recorded; approvals add up and are never taken away. */
  approval?: ApprovalInput | undefined
  /** Why; kept in the history. */
  reason?: string | undefined
}

const tagChangesSchema = z.record(z.string(), z.string().nullable())

/** Changes living metadata; see `Registry.updateMetadata`. */
export async function updateMetadata(
  context: RegistryContext,
  reference: string | ReferenceInput,
  changes: MetadataChanges,
  options: MutationOptions = {}
): Promise<ModelVersion> {
  const signal = beginCall(context, options.signal)
  const parsed = parseOptions(updateChangesSchema, changes, { what: 'updateMetadata changes' })
  if (Object.values(parsed).every((value) => value === undefined)) {
    throw new StemmaError('INVALID_INPUT', 'updateMetadata: nothing to change', {
      hint: 'name at least one of tags, description, metrics, aliases, removeAliases, approval'
    })
  }
  const { operationId, actor } = checkMutation(options, 'updateMetadata')
  const { reason, approval, description, aliases, removeAliases } = parsed
  const tags = parsed.tags === undefined ? undefined : parse(tagChangesSchema, checkMetadata(parsed.tags, 'tags', EVENT_LIMITS), { what: 'tags' })
  if (tags) checkTags(Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, value ?? ''])), 'tags')
  const metrics = parsed.metrics === undefined ? undefined : checkNumbers(parsed.metrics, 'metrics')
  const texts = { tags: tags ?? {}, description: description ?? '', reason: reason ?? '', approval: approval?.comment ?? '' }
  for (const [field, value] of Object.entries(texts)) if (typeof value === 'string') checkText(value, field)
  assertNoSecrets(texts, 'updateMetadata', [])
  refuseSecretShapes({ aliases, 'approval.by': approval?.by, metrics: Object.keys(metrics ?? {}) })
  return context.backend.updateMetadata(
    { reference: toReference(reference), tags, description, metrics, aliases, removeAliases, approval, reason },
    { signal, operationId, actor: actor ?? context.actor }
  )
}
