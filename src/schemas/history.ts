import * as z from 'zod'
import { instantSchema, jsonValueSchema } from './json-value.js'
import { openObject } from './open-object.js'

/** One value that an event changed. */
export const changeSchema = openObject({
  /** The version concerned; an event can change several. */
  version: z.string(),
  /** `stage`, `audiences`, `tags.<key>`, `metrics.<name>`, `description`, `aliases`, `approvals`, `deleted`, `created`. */
  field: z.string(),
  /** Absent: there was none. */
  from: jsonValueSchema.optional(),
  /** Absent: there is none any more. */
  to: jsonValueSchema.optional()
})
/** One value that an event changed. */
export interface Change extends z.infer<typeof changeSchema> {}

/** One event as people read it: who, when, why, old and new values. */
export const historyEntrySchema = openObject({
  name: z.string(),
  /** Place in the model's journal, from 0. */
  n: z.int().nonnegative(),
  at: instantSchema,
  /** As the caller said; absent when nobody said. */
  actor: z.string().optional(),
  type: z.enum(['created', 'transition', 'rollback', 'metadata', 'deleted']),
  /** The version that the event is about. */
  version: z.string(),
  audience: z.string().optional(),
  /** The version that lost the audience to `version`, for a promotion or rollback. */
  replaced: z.string().optional(),
  reason: z.string().optional(),
  changes: z.array(changeSchema),
  commitId: z.string(),
  /** `sha256:<hex>` of the event's bytes: what the next event is chained to. */
  eventDigest: z.string()
})
/** One event as people read it. */
export interface HistoryEntry extends z.infer<typeof historyEntrySchema> {}
