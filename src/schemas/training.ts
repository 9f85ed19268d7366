import * as z from 'zod'
import { instantSchema, jsonValueSchema } from './json-value.js'
import { openObject } from './open-object.js'

/** One point of a metric series. */
export const metricPointSchema = openObject({
  /** Epoch, batch or whatever the program counts, from 0. */
  step: z.number(),
  value: z.number(),
  /** Milliseconds since the training began. */
  elapsedMs: z.number().nonnegative()
})

/** How the training went: what `startTraining()` records. */
export const trainingSchema = openObject({
  startedAt: instantSchema,
  finishedAt: instantSchema,
  durationMs: z.number().nonnegative(),
  params: z.record(z.string(), jsonValueSchema),
  /** Metric name to its points, in the order they were recorded. A long series is thinned evenly; its first and last points stay. */
  series: z.record(z.string(), z.array(metricPointSchema)),
  /** How many points the thinned series had, by name. Absent when all were kept. */
  recordedPoints: z.record(z.string(), z.int().positive()).optional()
})
/** How the training went: what `startTraining()` records. */
export interface Training extends z.infer<typeof trainingSchema> {}
/** One point of a metric series. */
export interface MetricPoint extends z.infer<typeof metricPointSchema> {}
