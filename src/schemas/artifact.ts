import * as z from 'zod'
import { digestSchema } from './digest.js'
import { openObject } from './open-object.js'

/** What part an artifact plays in its model. Found from path and format when the caller does not say. */
export const artifactRoleSchema = z.enum(['weights', 'config', 'tokenizer', 'preprocessing', 'code', 'documentation', 'other'])
/** What part an artifact plays in its model. */
export type ArtifactRole = z.infer<typeof artifactRoleSchema>

/** One file of a version. */
export const artifactSchema = openObject({
  /** Logical path, `/` as separator, see docs/security.md for what is allowed. */
  path: z.string(),
  sizeBytes: z.int().nonnegative(),
  digest: digestSchema,
  /** `onnx`, `safetensors`, `pickle`, `json` …; `binary` if unknown. */
  format: z.string(),
  role: artifactRoleSchema
})
/** One file of a version. */
export interface Artifact extends z.infer<typeof artifactSchema> {}

/**
 * The sorted list of a version's artifacts. The sha256 of its canonical bytes (RFC 8785) is the version's digest, and those
 * bytes are stored as a blob under that digest.
 */
export const manifestSchema = openObject({
  schemaVersion: z.literal(1),
  /** Sorted by the UTF-8 bytes of `path`. */
  artifacts: z.array(artifactSchema).max(100_000)
})
/** The sorted list of a version's artifacts. */
export interface Manifest extends z.infer<typeof manifestSchema> {}
