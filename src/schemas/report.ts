import * as z from 'zod'
import { openObject } from './open-object.js'

/** One damaged, missing or foreign thing that `verify` found. */
export const problemSchema = openObject({
  kind: z.enum(['event', 'blob', 'manifest', 'snapshot', 'foreign']),
  /** The error code that a read would have met. */
  code: z.string(),
  message: z.string(),
  /** The file in the store, relative to its root. */
  file: z.string().optional(),
  model: z.string().optional(),
  /** Place in the journal. */
  n: z.int().optional(),
  digest: z.string().optional(),
  /** Versions and artifact paths that need the bytes: `name@1.0.0:model.onnx`. At most 100. */
  affects: z.array(z.string()).optional()
})
/** One damaged, missing or foreign thing that `verify` found. */
export interface Problem extends z.infer<typeof problemSchema> {}

/** What `verify` read and what it found. */
export const verificationReportSchema = openObject({
  ok: z.boolean(),
  models: z.int(),
  versions: z.int(),
  events: z.int(),
  blobs: z.int(),
  bytes: z.int(),
  problems: z.array(problemSchema)
})
/** What `verify` read and what it found. */
export interface VerificationReport extends z.infer<typeof verificationReportSchema> {}

/** What `collectGarbage` did, or with `dryRun` would do. */
export const garbageReportSchema = openObject({
  dryRun: z.boolean(),
  /** Blobs that no version needs, moved to the trash now. */
  trashed: z.array(openObject({ digest: z.string(), sizeBytes: z.int() })),
  /** Blobs that lay in the trash long enough and are gone now. */
  removed: z.array(openObject({ digest: z.string(), sizeBytes: z.int() })),
  /** Blobs that are needed again and were taken back. */
  restored: z.array(openObject({ digest: z.string(), sizeBytes: z.int() })),
  /** Temporary files of writers that are gone, relative to the store. */
  temporaryFiles: z.array(z.string()),
  reclaimedBytes: z.int()
})
/** What `collectGarbage` did. */
export interface GarbageReport extends z.infer<typeof garbageReportSchema> {}
