import * as z from 'zod'
import { artifactRoleSchema } from './artifact.js'
import { derivationRelationSchema } from './derivation.js'
import { referenceInputSchema } from './reference.js'

/** Metadata from a caller: any shape here, checked value by value in record/metadata-value.ts. */
const metadata = z.unknown()

/** Parts of the capture; each is on unless said otherwise. `user` and `host` are off unless asked for. */
export const captureOptionsSchema = z.strictObject({
  code: z.boolean().optional(),
  environment: z.boolean().optional(),
  hardware: z.boolean().optional(),
  /** Store package.json, lockfile and the like as blobs. @default true */
  environmentFiles: z.boolean().optional(),
  /** Record the name of the user. @default false */
  user: z.boolean().optional(),
  /** Record the name of the host. @default false */
  host: z.boolean().optional(),
  /** Where the project is. @default the working folder */
  directory: z.string().optional(),
  /** Deadline for all of it. @default 5_000 */
  timeoutMs: z.int().positive().optional()
})
/** Parts of the capture. */
export interface CaptureOptions extends z.infer<typeof captureOptionsSchema> {}

/** A data set as the caller names it. `path` is a file or folder, or a `.dvc` file, that is read and hashed, and by default names it. */
export const datasetInputSchema = z.strictObject({
  name: z.string().min(1).optional(),
  path: z.string().optional(),
  version: z.string().optional(),
  digest: z.string().optional(),
  uri: z.string().optional(),
  role: z.string().optional()
})
/** A data set as the caller names it. */
export interface DatasetInput extends z.infer<typeof datasetInputSchema> {}

/** A link to the version that this one was made from. */
export const derivationInputSchema = z.strictObject({
  model: z.union([z.string(), referenceInputSchema]),
  relation: derivationRelationSchema
})
/** A link to the version that this one was made from. */
export interface DerivationInput extends z.infer<typeof derivationInputSchema> {}

/** The name of a format, `onnx` or `application/x-hdf5`, as a caller gives it. */
export const formatInputSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+/-]{0,63}$/, {
  error: 'wanted 1 to 64 ASCII letters, digits, ".", "_", "+", "/" and "-", starting with a letter or digit'
})

/**
 * One entry of a list of artifacts: a file or folder on disk, and the logical path that it shall have. An entry of content in memory
 * is not data, see `ArtifactContentEntry`.
 */
export const artifactEntrySchema = z.strictObject({
  source: z.string().min(1),
  /** @default the file's own name; for a folder, the paths inside it */
  path: z.string().optional(),
  role: artifactRoleSchema.optional(),
  format: formatInputSchema.optional()
})
/** One entry of a list of artifacts. */
export interface ArtifactEntry extends z.infer<typeof artifactEntrySchema> {}

/** `logModel` input but for `artifacts` and `training`, whose types are not data. */
export const logModelInputSchema = z.strictObject({
  name: z.string(),
  version: z.string().optional(),
  bump: z.enum(['major', 'minor', 'patch', 'prerelease']).optional(),
  params: metadata.optional(),
  metrics: metadata.optional(),
  evaluations: metadata.optional(),
  featureImportance: metadata.optional(),
  tags: metadata.optional(),
  description: z.string().max(65_536).optional(),
  aliases: z.array(z.string()).max(100).optional(),
  datasets: z.array(z.union([z.string(), datasetInputSchema])).max(1_000).optional(),
  derivedFrom: z.union([derivationInputSchema, z.array(derivationInputSchema).max(100)]).optional(),
  preprocessing: z.unknown().optional(),
  signature: metadata.optional(),
  capture: z.union([z.literal(false), captureOptionsSchema]).optional(),
  /** Paths or values that the scan for secrets would refuse, and that are none: `params.tokenizer_key`. */
  allowSecretsAt: z.array(z.string()).optional()
})
