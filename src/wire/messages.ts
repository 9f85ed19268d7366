import * as z from 'zod'
import { saidActorSchema } from '../schemas/actor.js'
import { birthSchema } from '../schemas/birth.js'
import { digestSchema } from '../schemas/digest.js'
import { evaluationSchema } from '../schemas/evaluation.js'
import { datasetInputSchema, logModelInputSchema } from '../schemas/log-input.js'
import { historyEntrySchema } from '../schemas/history.js'
import { approvalInputSchema, modelSummarySchema, versionSummarySchema } from '../schemas/model-version.js'
import { artifactSchema } from '../schemas/artifact.js'
import { openObject } from '../schemas/open-object.js'
import { policySchema } from '../schemas/policy.js'
import { trainingSchema } from '../schemas/training.js'
import { MAX_DIGESTS, MAX_PAGE } from './limits.js'

const text = z.string().max(10_000)
const actor = saidActorSchema.optional()
const reference = z.string().min(1).max(2_000)
const expectedCurrent = z.string().max(256).nullable().optional()

/** What a registry says of itself: `GET /v1/registry`. */
export const registryInfoSchema = openObject({
  /** `stemma/0.1.0`. */
  server: z.string().max(100),
  capabilities: openObject({
    compareAndSet: z.boolean(),
    atomicTransition: z.boolean(),
    history: z.boolean(),
    timeTravel: z.boolean(),
    idempotentMutations: z.boolean(),
    durable: z.boolean(),
    garbageCollection: z.boolean()
  }),
  policy: policySchema,
  /** What the token of the request may do; every scope where the server asks for no token. */
  scopes: z.array(z.string()).max(16),
  limits: openObject({ chunkBytes: z.int().positive(), batchBlobs: z.int().positive(), batchBlobBytes: z.int().positive(), batchBytes: z.int().positive() })
})
/** What a registry says of itself. */
export type RegistryInfo = z.infer<typeof registryInfoSchema>

/**
 * A version in a reply. `artifacts` is there when the version has at most 1,000 of them; else they are in its manifest, the blob with
 * the version's own digest: `GET /v1/blobs/{digest}`.
 */
export const wireVersionSchema = openObject({ ...versionSummarySchema.shape, artifacts: z.array(artifactSchema).optional() })
/** A version in a reply. */
export type WireVersion = z.infer<typeof wireVersionSchema>

/** A new version whose blobs, the manifest among them, are stored. */
export const createVersionBodySchema = z.strictObject({
  name: z.string().max(200),
  /** Digest of the manifest's blob. */
  manifest: digestSchema,
  birth: birthSchema,
  version: z.union([z.strictObject({ exact: z.string().max(256) }), z.strictObject({ bump: z.enum(['major', 'minor', 'patch', 'prerelease']) })]),
  tags: z.record(z.string(), z.string()),
  description: z.string().max(65_536).optional(),
  aliases: z.array(z.string()).max(100),
  /** Dotted paths of metadata, or texts, that look like a secret and are none. */
  allowSecretsAt: z.array(z.string().max(10_000)).max(1_000).optional(),
  actor
})
/**
 * The part `metadata` of a model that is published in one request: what `logModel` takes, but for what would name files of the server. Data sets
 * are named, never read.
 */
export const publishMetadataSchema = z.strictObject({
  ...logModelInputSchema.omit({ preprocessing: true, capture: true }).shape,
  params: z.record(z.string(), z.unknown()).optional(),
  metrics: z.record(z.string(), z.number()).optional(),
  evaluations: z.array(evaluationSchema).max(10_000).optional(),
  featureImportance: z.record(z.string(), z.number()).optional(),
  tags: z.record(z.string(), z.string()).optional(),
  datasets: z.array(datasetInputSchema.omit({ path: true })).max(1_000).optional(),
  training: trainingSchema.optional(),
  actor
})
/** A move of a version to a stage. */
export const transitionBodySchema = z.strictObject({ reference, stage: z.string().max(64), audience: text.optional(), reason: text.optional(), expectedCurrent, actor })
/** A way back to a version that was live before; `to` is `1.0.1`, `#3` or a digest. */
export const rollbackBodySchema = z.strictObject({
  name: z.string().max(200),
  audience: text.optional(),
  to: z.string().min(1).max(1_000).optional(),
  reason: text.optional(),
  expectedCurrent,
  actor
})
/** A change of living metadata. */
export const metadataBodySchema = z.strictObject({
  reference,
  tags: z.record(z.string(), z.string().nullable()).optional(),
  description: z.string().max(65_536).nullable().optional(),
  metrics: z.record(z.string(), z.number()).optional(),
  aliases: z.array(z.string()).max(100).optional(),
  removeAliases: z.array(z.string()).max(100).optional(),
  approval: approvalInputSchema.optional(),
  reason: text.optional(),
  actor
})
/** A tombstone for a version. */
export const deletionBodySchema = z.strictObject({ reference, reason: text.min(1), actor })
/** A search; `where` and `orderBy` as docs/search.md says, typed or as text. `cursor` is the `next` of the page before. */
export const searchBodySchema = z.strictObject({
  where: z.unknown().optional(),
  orderBy: z.unknown().optional(),
  limit: z.int().min(0).optional(),
  includeDeleted: z.boolean().optional(),
  pageSize: z.int().min(1).max(MAX_PAGE).optional(),
  cursor: z.string().max(16_384).optional()
})
/** Which bytes to check: those of one version, or of all. */
export const verifyBodySchema = z.strictObject({ reference: reference.optional() })
/** What garbage collection may do. */
export const garbageBodySchema = z.strictObject({ dryRun: z.boolean().optional(), graceMs: z.number().min(0).optional(), force: z.boolean().optional() })

/** Which blobs are asked about, and how many bytes each has: one that is stored with another size is damaged, and has to be sent again. */
export const keepBodySchema = z.strictObject({ digests: z.array(digestSchema).max(MAX_DIGESTS), sizes: z.array(z.int().nonnegative()).max(MAX_DIGESTS).optional() })
/** Those that have to be sent, in the order asked. */
export const missingSchema = openObject({ missing: z.array(digestSchema).max(MAX_DIGESTS) })
/** A blob that is stored now. */
export const storedBlobSchema = openObject({ digest: digestSchema, sizeBytes: z.int().nonnegative(), existed: z.boolean() })
/** The blobs of a batch, in the order of its parts. */
export const storedBlobsSchema = openObject({ blobs: z.array(storedBlobSchema) })

/**
 * The start of an upload. With a digest it goes on where an earlier one of the same bytes stopped, whoever of the same token began it.
 * Without, the size and the digest are told when it is finished.
 */
export const uploadBodySchema = z.strictObject({ digest: digestSchema.optional(), sizeBytes: z.int().nonnegative().optional() })
/** An upload that is under way. */
export const uploadSchema = openObject({
  id: z.string().regex(/^[A-Za-z0-9_-]{1,128}$/),
  /** Bytes that the server holds durably: where the next chunk begins. */
  offset: z.int().nonnegative(),
  /** Where a chunk may be at most this long. */
  chunkBytes: z.int().positive()
})
/** An upload that is under way. */
export type Upload = z.infer<typeof uploadSchema>

/** How far long work is: the event `progress`. */
export const progressSchema = openObject({
  phase: z.string().max(64),
  path: z.string().max(10_000).optional(),
  doneBytes: z.number().nonnegative(),
  totalBytes: z.number().nonnegative().optional()
})

/** Where a commit with an unknown outcome is in the journal; `null`: nowhere. */
export const commitSchema = openObject({ n: z.int().nonnegative().nullable() })

function pageOf<T extends z.ZodType>(item: T) {
  /** `next` is the cursor of the next page, `null` on the last. */
  return openObject({ items: z.array(item).max(MAX_PAGE), next: z.string().max(16_384).nullable() })
}
/** A page of models. */
export const modelPageSchema = pageOf(modelSummarySchema)
/** A page of versions. */
export const versionPageSchema = pageOf(wireVersionSchema)
/** A page of a history. */
export const historyPageSchema = pageOf(historyEntrySchema)
