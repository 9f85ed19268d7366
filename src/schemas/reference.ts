import * as z from 'zod'

/** Which version of a model is meant. */
export const selectorSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('latest') }),
  z.strictObject({ kind: z.literal('version'), version: z.string() }),
  z.strictObject({ kind: z.literal('range'), range: z.string() }),
  z.strictObject({ kind: z.literal('sequence'), sequence: z.int().positive() }),
  z.strictObject({ kind: z.literal('digest'), digest: z.string() }),
  /** A stage or an alias; which of them, the registry knows. */
  z.strictObject({ kind: z.literal('label'), label: z.string() })
])
/** Which version of a model is meant. */
export type Selector = z.infer<typeof selectorSchema>

/** A reference in parts: what `name@production?audience=berlin&at=2026-03-01` says. */
export const referenceSchema = z.strictObject({
  name: z.string(),
  selector: selectorSchema,
  /** Whom the production version serves; only together with the label `production`. */
  audience: z.string().optional(),
  /** The instant asked about, milliseconds since 1970; absent: now. */
  at: z.int().optional()
})
/** A reference in parts. */
export interface Reference extends z.infer<typeof referenceSchema> {}

/**
 * The object form of a reference, for people: one of `version` (also a range), `sequence`, `digest`, `stage` or `alias`;
 * none of them means the latest version.
 */
export const referenceInputSchema = z.strictObject({
  name: z.string(),
  version: z.string().optional(),
  sequence: z.int().positive().optional(),
  digest: z.string().optional(),
  stage: z.string().optional(),
  alias: z.string().optional(),
  audience: z.string().optional(),
  at: z.union([z.string(), z.date()]).optional()
})
/** The object form of a reference. */
export interface ReferenceInput extends z.infer<typeof referenceInputSchema> {}
