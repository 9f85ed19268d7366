import * as z from 'zod'
import { artifactSchema } from './artifact.js'
import { jsonValueSchema } from './json-value.js'
import { openObject } from './open-object.js'

/** A value that differs between two sides; absent on a side that lacks it. */
export const differenceSchema = openObject({
  /** Dotted path of the value. */
  field: z.string(),
  a: jsonValueSchema.optional(),
  b: jsonValueSchema.optional()
})
/** A value that differs between two sides. */
export interface Difference extends z.infer<typeof differenceSchema> {}

/** A number that differs between two sides. */
export const numberDifferenceSchema = openObject({
  field: z.string(),
  a: z.number().optional(),
  b: z.number().optional(),
  /** `b - a`; absent when a side is missing. */
  delta: z.number().optional()
})
/** A number that differs between two sides. */
export interface NumberDifference extends z.infer<typeof numberDifferenceSchema> {}

/** A result of an evaluation that differs between two sides. `field` is `<dataset>/<slice>/<metric>`, with `*` for what is not named. */
export const evaluationDifferenceSchema = openObject({
  ...numberDifferenceSchema.shape,
  /** Absent: the evaluation names no data set. */
  dataset: z.string().optional(),
  /** Absent: the evaluation is of the whole. */
  slice: z.string().optional(),
  metric: z.string()
})
/** A result of an evaluation that differs between two sides. */
export interface EvaluationDifference extends z.infer<typeof evaluationDifferenceSchema> {}

/** What differs between two versions; equal values are left out. */
export const versionComparisonSchema = openObject({
  a: openObject({ name: z.string(), version: z.string(), digest: z.string() }),
  b: openObject({ name: z.string(), version: z.string(), digest: z.string() }),
  /** Both have the same artifacts, byte by byte. */
  sameArtifacts: z.boolean(),
  sizeDeltaBytes: z.int(),
  artifacts: openObject({
    added: z.array(artifactSchema),
    removed: z.array(artifactSchema),
    changed: z.array(openObject({ path: z.string(), a: artifactSchema, b: artifactSchema })),
    unchangedCount: z.int()
  }),
  metrics: z.array(numberDifferenceSchema),
  evaluations: z.array(evaluationDifferenceSchema),
  featureImportance: z.array(numberDifferenceSchema),
  params: z.array(differenceSchema),
  tags: z.array(differenceSchema),
  datasets: z.array(differenceSchema),
  code: z.array(differenceSchema),
  environment: z.array(differenceSchema),
  hardware: z.array(differenceSchema),
  /** Stage, audiences, aliases, description, signature, derivedFrom, training duration. */
  other: z.array(differenceSchema)
})
/** What differs between two versions. */
export interface VersionComparison extends z.infer<typeof versionComparisonSchema> {}
