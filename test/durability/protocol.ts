import * as z from 'zod'
import { baseSchema, claimSchema } from './format/check-store.js'

/** What an operation under faults came to. */
export const ranSchema = claimSchema.extend({
  /** The code of the StemmaError that it ended with. */
  code: z.string().optional(),
  /** What is wrong about how it ended: an error that is not a StemmaError. */
  untyped: z.string().optional(),
  counted: z.int(),
  fired: z.int()
})
export type Ran = z.infer<typeof ranSchema>

/** Asks programs/injected.ts for one run of an operation. */
export const runRequestSchema = z.object({
  operation: z.string(),
  folder: z.string(),
  plan: z.object({
    action: z.enum(['K', 'A', 'T', 'E', 'L', 'Z', 'H']),
    from: z.int(),
    to: z.int(),
    errno: z.int(),
    kinds: z.array(z.enum(['create', 'write', 'sync', 'close', 'link', 'rename', 'unlink', 'mkdir', 'times', 'mode', 'truncate', 'copy', 'open', 'read', 'stat', 'list', 'close-read'])),
    text: z.string().optional()
  }),
  /** Where the calls are written down. */
  log: z.string().optional(),
  /** Leave marks in it where the operation begins, and where it is acknowledged. */
  marks: z.boolean().optional(),
  /** Make the same call again in the registry that is still open, without faults. */
  again: z.boolean().optional()
})
export type RunRequest = z.infer<typeof runRequestSchema>

/** Asks programs/checker.ts about one store. */
export const checkRequestSchema = z.object({
  folder: z.string(),
  base: baseSchema,
  claims: z.array(claimSchema),
  trashCounts: z.boolean().optional(),
  /** Also open it with the library, load every version, commit, collect: this changes the store. */
  deep: z.boolean(),
  /** Whether a version was exported: its folder is absent, or holds all of one version. */
  exported: z.boolean().optional(),
  /** Whether the power was cut: snapshots are never flushed, and ignored when they are damaged. */
  powerWasCut: z.boolean().optional(),
  /** Whether all writers are dead, so that collection must leave nothing behind. */
  writersAreGone: z.boolean()
})
export type CheckRequest = z.infer<typeof checkRequestSchema>

export const checkAnswerSchema = z.object({ problems: z.array(z.string()), events: z.int() })
export type CheckAnswer = z.infer<typeof checkAnswerSchema>
