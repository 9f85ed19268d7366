import * as z from 'zod'

/** What programs/writer.ts says. */
export const writerLineSchema = z.object({
  ready: z.boolean().optional(),
  /** The operation that is about to be called. */
  begun: z.string().optional(),
  /** The operation that returned. */
  told: z.string().optional(),
  outcome: z.enum(['acknowledged', 'refused', 'unknown']).optional(),
  version: z.string().optional()
})
