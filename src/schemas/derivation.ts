import * as z from 'zod'
import { digestSchema } from './digest.js'
import { openObject } from './open-object.js'

/** How a version came from another one. */
export const derivationRelationSchema = z.enum(['fine-tuned', 'quantized', 'pruned', 'distilled', 'adapter', 'merged', 'converted'])
/** How a version came from another one. */
export type DerivationRelation = z.infer<typeof derivationRelationSchema>

/** A link to the version that another one was made from, pinned when it was logged. */
export const derivationSchema = openObject({
  name: z.string(),
  version: z.string(),
  digest: digestSchema,
  relation: derivationRelationSchema
})
/** A link to the version that another one was made from, pinned when it was logged. */
export interface Derivation extends z.infer<typeof derivationSchema> {}
