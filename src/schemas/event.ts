import * as z from 'zod'
import { birthSchema } from './birth.js'
import { digestSchema } from './digest.js'
import { numbersSchema } from './json-value.js'
import { approvalInputSchema } from './model-version.js'
import { openObject } from './open-object.js'

/** A version was logged. `name` is the journal's own. */
export const versionCreatedSchema = openObject({
  version: z.string(),
  sequence: z.int().positive(),
  digest: digestSchema,
  sizeBytes: z.int().nonnegative(),
  artifactCount: z.int().nonnegative(),
  birth: birthSchema,
  tags: z.record(z.string(), z.string()),
  description: z.string().optional(),
  aliases: z.array(z.string())
})

/**
 * A version changed its stage, and whatever that moved besides: one event, so that nobody ever sees half of it.
 * `replaced` lost `audience` to `version`; `archived` are those that have no audience left.
 */
export const stageChangedSchema = openObject({
  action: z.enum(['transition', 'rollback']),
  version: z.string(),
  from: z.string(),
  to: z.string(),
  /** The audience taken (to production) or given up (from production); absent for a move that concerns none. */
  audience: z.string().optional(),
  /** The audiences that the version gave up by leaving production. */
  released: z.array(z.string()).optional(),
  replaced: z.string().optional(),
  archived: z.array(z.string()).optional(),
  reason: z.string().optional()
})

/** Living metadata changed. `null` takes a tag or the description away. */
export const metadataUpdatedSchema = openObject({
  version: z.string(),
  tags: z.record(z.string(), z.string().nullable()).optional(),
  description: z.string().nullable().optional(),
  metrics: numbersSchema.optional(),
  /** Aliases that point at this version from now on. */
  aliases: z.array(z.string()).optional(),
  removedAliases: z.array(z.string()).optional(),
  approval: approvalInputSchema.optional(),
  reason: z.string().optional()
})

/** A version got its tombstone. */
export const versionDeletedSchema = openObject({ version: z.string(), reason: z.string() })

/** Who wrote an event. */
export const writerSchema = openObject({
  /** Random, one a process. */
  id: z.string(),
  /** `stemma/<version>`. */
  library: z.string()
})

const envelope = {
  /** Format of the event, 1. */
  v: z.literal(1),
  /** Place in the journal, from 0. */
  n: z.int().nonnegative(),
  /** sha256 hex of the exact bytes of event n - 1; `null` for the first. */
  prev: z.string().regex(/^[0-9a-f]{64}$/).nullable(),
  commitId: z.string(),
  /** The caller's idempotency key. */
  opId: z.string().optional(),
  /** Milliseconds since 1970; strictly rising within a journal. */
  ts: z.int(),
  /** Who asked for the change, as the caller says. */
  actor: z.string().optional(),
  writer: writerSchema
}

/** One immutable, numbered, hash-chained entry of a model's journal. */
export const eventSchema = z.discriminatedUnion('type', [
  openObject({ ...envelope, type: z.literal('version.created'), data: versionCreatedSchema }),
  openObject({ ...envelope, type: z.literal('stage.changed'), data: stageChangedSchema }),
  openObject({ ...envelope, type: z.literal('metadata.updated'), data: metadataUpdatedSchema }),
  openObject({ ...envelope, type: z.literal('version.deleted'), data: versionDeletedSchema })
])
/** One immutable, numbered, hash-chained entry of a model's journal. */
export type ModelEvent = z.infer<typeof eventSchema>

/** What a decision adds to the journal: type and data; the engine adds the envelope. */
export type EventBody =
  | { type: 'version.created'; data: z.infer<typeof versionCreatedSchema> }
  | { type: 'stage.changed'; data: z.infer<typeof stageChangedSchema> }
  | { type: 'metadata.updated'; data: z.infer<typeof metadataUpdatedSchema> }
  | { type: 'version.deleted'; data: z.infer<typeof versionDeletedSchema> }

/** The part of an event that also an unknown, newer event has: enough to say what is wrong with it. */
export const eventHeadSchema = openObject({
  v: z.int().positive(),
  n: z.int().nonnegative(),
  prev: z.string().nullable(),
  commitId: z.string(),
  opId: z.string().optional(),
  ts: z.int(),
  type: z.string(),
  /** A reader that does not know the type may pass over it. */
  ignorable: z.boolean().optional()
})
/** The part of an event that also an unknown, newer event has. */
export interface EventHead extends z.infer<typeof eventHeadSchema> {}
