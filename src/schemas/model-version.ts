import * as z from 'zod'
import { artifactSchema } from './artifact.js'
import { birthSchema } from './birth.js'
import { digestSchema } from './digest.js'
import { instantSchema } from './json-value.js'
import { openObject } from './open-object.js'

/** Somebody's recorded yes or no to a version. */
export const approvalSchema = openObject({
  by: z.string().min(1).max(256),
  decision: z.enum(['approved', 'rejected']),
  comment: z.string().max(10_000).optional(),
  at: instantSchema
})
/** Somebody's recorded yes or no to a version. */
export interface Approval extends z.infer<typeof approvalSchema> {}

/** An approval as its caller gives it: the registry adds the time. */
export const approvalInputSchema = approvalSchema.omit({ at: true })
/** An approval as its caller gives it: the registry adds the time. */
export interface ApprovalInput extends z.infer<typeof approvalInputSchema> {}

/** A version's tombstone. */
export const deletionSchema = openObject({ at: instantSchema, reason: z.string(), by: z.string().optional() })
/** A version's tombstone. */
export interface Deletion extends z.infer<typeof deletionSchema> {}

const becameSo = {
  at: instantSchema,
  /** Who asked for it; absent when nobody said. */
  by: z.string().optional(),
  /** As it was given with the change. */
  reason: z.string().optional()
}

/** When and why a version entered the stage that it is in. */
export const stageSinceSchema = openObject({
  ...becameSo,
  /** What moved it. A version that another one displaced has the action of that other one's move, and `replacedBy`. */
  action: z.enum(['created', 'transition', 'rollback', 'deleted']),
  /** The version that took its last audience, where that is why it was archived. */
  replacedBy: z.string().optional()
})
/** When and why a version entered the stage that it is in. */
export interface StageSince extends z.infer<typeof stageSinceSchema> {}

/** One audience that a version is live for, and when and why it became so. */
export const liveSinceSchema = openObject({
  audience: z.string(),
  ...becameSo,
  action: z.enum(['transition', 'rollback']),
  /** The version that was live for the audience until then; absent when there was none. */
  replaced: z.string().optional()
})
/** One audience that a version is live for, and when and why it became so. */
export interface LiveSince extends z.infer<typeof liveSinceSchema> {}

/** A version without its list of artifacts: what lists, filters and events work on. */
export const versionSummarySchema = openObject({
  name: z.string(),
  /** Semver, `1.0.2`. */
  version: z.string(),
  /** 1, 2, 3 … without gaps. */
  sequence: z.int().positive(),
  /** Digest of the manifest. */
  digest: digestSchema,
  createdAt: instantSchema,
  /** Who logged it, if the caller said. */
  createdBy: z.string().optional(),
  sizeBytes: z.int().nonnegative(),
  artifactCount: z.int().nonnegative(),
  ...birthSchema.shape,
  // The living part.
  stage: z.string(),
  /** When, by whom and why it entered that stage. */
  stageSince: stageSinceSchema,
  /** Audiences that it is live for in production, sorted. */
  audiences: z.array(z.string()),
  /** For each of the audiences, in the same order, since when it is live for it, by whom and why. */
  live: z.array(liveSinceSchema),
  /** Sorted. */
  aliases: z.array(z.string()),
  tags: z.record(z.string(), z.string()),
  description: z.string().optional(),
  approvals: z.array(approvalSchema),
  deleted: deletionSchema.optional()
})
/** A version without its list of artifacts. */
export interface VersionSummary extends z.infer<typeof versionSummarySchema> {}

/** A version of a model: an immutable set of artifacts, how it came to be, and what became of it since. */
export const modelVersionSchema = openObject({
  ...versionSummarySchema.shape,
  /** Sorted by path. */
  artifacts: z.array(artifactSchema)
})
/** A version of a model: an immutable set of artifacts, how it came to be, and what became of it since. */
export interface ModelVersion extends z.infer<typeof modelVersionSchema> {}

/** A model: a named line of versions. */
export const modelSummarySchema = openObject({
  name: z.string(),
  /** Versions that were not deleted. */
  versionCount: z.int().nonnegative(),
  /** Highest version that was not deleted; absent when there is none. */
  latest: z.string().optional(),
  /** What is live: audience to version. */
  production: z.record(z.string(), z.string()),
  createdAt: instantSchema,
  updatedAt: instantSchema
})
/** A model: a named line of versions. */
export interface ModelSummary extends z.infer<typeof modelSummarySchema> {}
