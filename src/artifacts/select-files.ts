import { StemmaError } from '../errors/stemma-error.js'
import { checkArtifactPaths } from '../record/artifact-path.js'
import type { Artifact } from '../schemas/artifact.js'
import type { EnvironmentFile } from '../schemas/captured.js'
import { nearPaths } from '../util/nearest-names.js'
import type { WantedFile } from './fetched-bytes.js'

/** Folder inside a materialized version that holds what is not part of the model. */
export const EXTRAS_FOLDER = '.stemma'

/** Which files of a version are wanted. */
export interface FileSelection {
  artifacts: readonly Artifact[]
  /** Globs on logical paths, for instance `*.onnx` or `tokenizer/**`; hidden files match too. Absent: all. */
  include?: readonly string[] | undefined
  /** Files that fix the environment; they go to `.stemma/<path>`. */
  environmentFiles?: readonly EnvironmentFile[] | undefined
}

/**
 * The files that are wanted. `include` chooses among the artifacts only.
 *
 * @throws {StemmaError} NOT_FOUND when no artifact matches; INVALID_PATH for an unsafe path of an environment file.
 */
export async function selectFiles(selection: FileSelection): Promise<WantedFile[]> {
  const chosen: WantedFile[] = [...(await chooseArtifacts(selection))]
  const extras = selection.environmentFiles ?? []
  if (extras.length > 0) checkArtifactPaths(extras.map(({ path }) => path))
  for (const { path, sizeBytes, digest } of extras) chosen.push({ path: `${EXTRAS_FOLDER}/${path}`, sizeBytes, digest })
  return chosen
}

async function chooseArtifacts({ artifacts, include }: FileSelection): Promise<readonly Artifact[]> {
  if (include === undefined) return artifacts
  // Loaded when it is needed: most programs load whole models, and start faster without.
  const { default: picomatch } = await import('picomatch')
  const matches = picomatch([...include], { dot: true })
  const chosen = artifacts.filter(({ path }) => matches(path))
  if (chosen.length > 0) return chosen
  const nearest = nearPaths(include[0] ?? '', artifacts.map(({ path }) => path))
  const paths = nearest.length > 0 ? nearest : artifacts.slice(0, 5).map(({ path }) => path)
  throw new StemmaError('NOT_FOUND', `no artifact matches ${include.map((glob) => JSON.stringify(glob)).join(', ')}`, {
    hint: `There are ${artifacts.length} artifacts, for instance ${paths.join(', ')}. "*" does not match "/"; "**" does.`,
    details: { include: [...include], paths }
  })
}
