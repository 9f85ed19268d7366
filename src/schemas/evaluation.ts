import * as z from 'zod'
import { numbersSchema } from './json-value.js'
import { openObject } from './open-object.js'

/** Metrics of one part of the data: a hospital site, a protected group, a customer segment. */
export const evaluationSchema = openObject({
  /** The data set it was measured on. */
  dataset: z.string().min(1).max(512).optional(),
  /** The part of it, for instance `site=berlin`. Absent: all of it. */
  slice: z.string().min(1).max(512).optional(),
  metrics: numbersSchema
})
/** Metrics of one part of the data. */
export interface Evaluation extends z.infer<typeof evaluationSchema> {}
