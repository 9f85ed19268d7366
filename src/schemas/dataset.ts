import * as z from 'zod'
import { openObject } from './open-object.js'

/** A data set that went into a version. At least one of `version`, `digest` and `uri` makes it findable again. */
export const datasetSchema = openObject({
  name: z.string().min(1).max(512),
  version: z.string().min(1).max(512).optional(),
  /** `sha256:<hex>` of a file, or of the canonical listing of a folder; also `md5:<hex>` as DVC writes it. */
  digest: z.string().min(1).max(512).optional(),
  /** Where it lives, without credentials. */
  uri: z.string().min(1).max(4096).optional(),
  /** `training`, `validation`, `test` … */
  role: z.string().min(1).max(64).optional(),
  sizeBytes: z.int().nonnegative().optional()
})
/** A data set that went into a version. */
export interface Dataset extends z.infer<typeof datasetSchema> {}
