import type { ArtifactsInput } from '../../artifacts/artifacts-input.js'
import { collectSources, type CollectedArtifact } from '../../artifacts/collect-sources.js'
import { detectFormat, HEAD_BYTES } from '../../artifacts/detect-format.js'
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
  context: Pick<RegistryContext, 'backend'>,
  input: StoreArtifactsInput,
  options: TransferOptions
): Promise<{ manifest: Manifest }> {
  const collected = await collectAll(input, options)
  const formats: (string | undefined)[] = new Array<undefined>(collected.length)
  const onHead = (index: number, head: Uint8Array): void => {
    formats[index] = formatOf(collected[index]?.path ?? '', head)
  }
  const blobs = await context.backend.putBlobs(
    collected.map((artifact) => artifact.source),
    { ...options, onHead }
  )
  const artifacts: Artifact[] = []
  for (const [index, artifact] of collected.entries()) {
    const blob = blobs[index]
    if (!blob) throw new TypeError(`the backend stored ${blobs.length} of ${collected.length} artifacts`)
    const { path, role } = artifact
    const format = artifact.format ?? formats[index] ?? (blob.head ? formatOf(path, blob.head) : await formatOfStored(context, artifact, blob.digest, options))
    artifacts.push({ path, sizeBytes: blob.sizeBytes, digest: blob.digest, format, role: role ?? roleOf(path, format) })
  }
  const manifest = buildManifest(artifacts)
  await context.backend.putBlobs([{ kind: 'bytes', label: 'manifest', bytes: manifestBytes(manifest) }], { signal: options.signal })
  return { manifest }
}

/** What was not looked at before. A stream can be once it is stored, so that equal bytes get equal manifests wherever they came from. */
async function formatOfStored(
  context: Pick<RegistryContext, 'backend'>,
  { path, source }: CollectedArtifact,
  digest: Digest,
  options: TransferOptions
): Promise<string> {
  return detectFormat(path, source) ?? formatOf(path, await firstBytes(context, digest, options))
}

async function firstBytes(context: Pick<RegistryContext, 'backend'>, digest: Digest, { signal }: TransferOptions): Promise<Uint8Array> {
  for await (const chunk of context.backend.openBlob(digest, { signal })) return chunk.subarray(0, HEAD_BYTES)
  return new Uint8Array()
}

async function collectAll(input: StoreArtifactsInput, options: TransferOptions): Promise<CollectedArtifact[]> {
  const shared = { directory: workingFolder(), symlinks: input.symlinks, formats: 'when-stored', signal: options.signal } as const
  const artifacts = await collectSources(input.artifacts, shared)
  if (input.preprocessing === undefined) return artifacts
  const preprocessing = await collectSources(input.preprocessing, shared)
  const all = [
    ...artifacts,
    ...preprocessing.map((artifact) => ({ ...artifact, path: `preprocessing/${artifact.path}`, role: artifact.role ?? ('preprocessing' as const) }))
  ]
  // Each part was checked by itself.
  checkArtifactPaths(all.map((artifact) => artifact.path))
  return all
}
