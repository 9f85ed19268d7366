import * as z from 'zod'
import { MAX_PAGE } from './limits.js'

const cursor = z.string().max(16_384).optional()
const limit = z.coerce.number().int().min(1).max(MAX_PAGE).optional()
const flag = z.enum(['true', 'false']).optional()
const name = z.string().min(1).max(200)
const reference = z.string().min(1).max(2_000)

/** Queries have text only: numbers and flags are read from it. */
export const referenceQuerySchema = z.strictObject({ ref: reference })
/** A page of models. */
export const modelsQuerySchema = z.strictObject({ limit, cursor })
/** A page of the versions of a model. */
export const versionsQuerySchema = z.strictObject({ name, includeDeleted: flag, limit, cursor })
/** A page of the history of a model (`name`) or of one version (`ref`). */
export const historyQuerySchema = z.strictObject({ name: name.optional(), ref: reference.optional(), limit, cursor })
/** A lineage: exactly one of `ref`, `dataset` (with `version`, `digest`), `commit` and `environment`. */
export const lineageQuerySchema = z.strictObject({
  ref: reference.optional(),
  direction: z.enum(['ancestors', 'descendants', 'both']).optional(),
  dataset: z.string().min(1).max(4_000).optional(),
  version: z.string().max(1_000).optional(),
  digest: z.string().max(1_000).optional(),
  commit: z.string().max(64).optional(),
  environment: z.string().min(1).max(1_000).optional(),
  maxHops: z.coerce.number().int().min(0).max(1_000).optional()
})
/** The changes of a model. */
export const nameQuerySchema = z.strictObject({ name })
/** A commit whose outcome was unknown. */
export const commitQuerySchema = z.strictObject({ name, commitId: z.string().min(1).max(100) })
/** What the bytes of a finished upload must be. */
export const finishQuerySchema = z.strictObject({ digest: z.string().max(100) })
