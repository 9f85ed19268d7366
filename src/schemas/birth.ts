import * as z from 'zod'
import { capturedSchema } from './captured.js'
import { datasetSchema } from './dataset.js'
import { derivationSchema } from './derivation.js'
import { evaluationSchema } from './evaluation.js'
import { jsonValueSchema, numbersSchema } from './json-value.js'
import { openObject } from './open-object.js'
import { trainingSchema } from './training.js'

/** Birth metadata: how a version came to be. Written once, never changed. */
export const birthSchema = openObject({
  schemaVersion: z.literal(1),
  params: z.record(z.string(), jsonValueSchema),
  metrics: numbersSchema,
  evaluations: z.array(evaluationSchema),
  featureImportance: numbersSchema,
  datasets: z.array(datasetSchema),
  derivedFrom: z.array(derivationSchema),
  /** Inputs and outputs, in whatever form the serving side reads. */
  signature: jsonValueSchema.optional(),
  training: trainingSchema.optional(),
  ...capturedSchema.shape
})
/** Birth metadata: how a version came to be. */
export interface Birth extends z.infer<typeof birthSchema> {}
