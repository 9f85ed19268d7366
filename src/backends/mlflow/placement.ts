import * as z from 'zod'

/** Where a version lies in MLflow: part of its story, as the field `mlflow`. */
export const placementSchema = z.looseObject({
  /** Folder of its files. */
  artifactUri: z.string(),
  /** What MLflow's version of the registered model names as its source. */
  source: z.string(),
  experimentId: z.string().optional(),
  runId: z.string().optional(),
  /** The logged model, on servers that have such. */
  modelId: z.string().optional(),
  /**
   * `stored`: whoever logged the version said what its bytes are. `made`: it was logged without stemma, and its digests are of the bytes
   * that were there when stemma met it.
   */
  manifest: z.enum(['stored', 'made']),
  /** Number of the registered model's version, of one that was logged without stemma. */
  version: z.string().optional()
})
/** Where a version lies in MLflow. */
export type Placement = z.output<typeof placementSchema>

/** Where a version lies; `undefined` for one whose record does not say. */
export function placementOf(version: object): Placement | undefined {
  return 'mlflow' in version ? placementSchema.safeParse(version.mlflow).data : undefined
}

/** Folder among the files of a version that is stemma's own; no artifact can be in it. */
const OWN_FOLDER = '.stemma'
/** Where the manifest of a version lies among its files. */
export const MANIFEST_PATH = `${OWN_FOLDER}/manifest.json`

/**
 * Names that every MLflow server keeps as they are. Servers decode `%41`, refuse `#`, and some cannot send what is not Latin; files with
 * such names are kept under their digest.
 */
const PORTABLE = /^[A-Za-z0-9._/ @+=,()-]+$/

/** Where a blob that is no artifact with a name of its own lies among the files of a version. */
export function blobPath(digest: string): string {
  return `${OWN_FOLDER}/blobs/${digest.slice('sha256:'.length)}`
}

/** Where an artifact lies among the files of a version that was stored by stemma. */
export function storedPath({ path, digest }: { path: string; digest: string }): string {
  return PORTABLE.test(path) ? path : blobPath(digest)
}
