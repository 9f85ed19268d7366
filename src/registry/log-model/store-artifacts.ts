import type { ArtifactsInput } from '../../artifacts/artifacts-input.js'
import { collectSources, type CollectedArtifact } from '../../artifacts/collect-sources.js'
import { HEAD_BYTES } from '../../artifacts/detect-format.js'
import { formatOf, roleOf } from '../../record/artifact-format.js'
import { checkArtifactPaths } from '../../record/artifact-path.js'
import { buildManifest, manifestBytes } from '../../record/manifest.js'
import type { Artifact, Manifest } from '../../schemas/artifact.js'
import type { Digest } from '../../schemas/digest.js'
import type { TransferOptions } from '../../util/options.js'
import type { RegistryContext } from '../context.js'
import { workingFolder } from '../../util/working-folder.js'

/** Which artifacts to store. */
export interface StoreArtifactsInput {
  artifacts: ArtifactsInput
  preprocessing: ArtifactsInput | undefined
  symlinks: 'error' | 'follow'
}

/** Collects the artifacts, stores their bytes and the manifest that lists them. */
export async function storeArtifacts(
  context: RegistryContext,
  input: StoreArtifactsInput,
  options: TransferOptions
): Promise<{ manifest: Manifest }> {
  const collected = await collectAll(input, options)
  checkArtifactPaths(collected.map((artifact) => artifact.path))
  const blobs = await context.backend.putBlobs(
    collected.map((artifact) => artifact.source),
    options
  )
  const artifacts: Artifact[] = []
  for (const [index, { path, role, ...artifact }] of collected.entries()) {
    const blob = blobs[index]
    if (!blob) throw new TypeError(`the backend stored ${blobs.length} of ${collected.length} artifacts`)
    const format = artifact.format ?? formatOf(path, await firstBytes(context, blob.digest, options))
    artifacts.push({ path, sizeBytes: blob.sizeBytes, digest: blob.digest, format, role: role ?? roleOf(path, format) })
  }
  const manifest = buildManifest(artifacts)
  await context.backend.putBlobs([{ kind: 'bytes', label: 'manifest', bytes: manifestBytes(manifest) }], { signal: options.signal })
  return { manifest }
}

/** What was a stream can be looked at once it is stored, so that equal bytes get equal manifests wherever they came from. */
async function firstBytes(context: RegistryContext, digest: Digest, { signal }: TransferOptions): Promise<Uint8Array> {
  for await (const chunk of context.backend.openBlob(digest, { signal })) return chunk.subarray(0, HEAD_BYTES)
  return new Uint8Array()
}

async function collectAll(input: StoreArtifactsInput, options: TransferOptions): Promise<CollectedArtifact[]> {
  const shared = { directory: workingFolder(), symlinks: input.symlinks, signal: options.signal }
  const artifacts = await collectSources(input.artifacts, shared)
  if (input.preprocessing === undefined) return artifacts
  const preprocessing = await collectSources(input.preprocessing, shared)
  return [
    ...artifacts,
    ...preprocessing.map((artifact) => ({ ...artifact, path: `preprocessing/${artifact.path}`, role: artifact.role ?? ('preprocessing' as const) }))
  ]
}
