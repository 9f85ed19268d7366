import { isStemmaError, StemmaError } from '../../errors/stemma-error.js'
import { isBuilt, manifestBytes, MAX_MANIFEST_BYTES, readManifest } from '../../record/manifest.js'
import type { Artifact, Manifest } from '../../schemas/artifact.js'
import type { Digest } from '../../schemas/digest.js'
import type { ModelVersion } from '../../schemas/model-version.js'
import type { CallOptions } from '../../util/options.js'
import { MAX_INLINE_ARTIFACTS } from '../../wire/limits.js'
import type { WireVersion } from '../../wire/messages.js'
import { createByteBoundedCache } from '../byte-bounded-cache.js'
import { deepFreeze } from '../deep-freeze.js'

/** What the manifests that are kept may take, counted by their bytes as JSON. */
const CACHE_BYTES = 33_554_432

/** Makes versions of what replies have. */
export interface WireVersions {
  /** Says what the manifest with this digest is, so that it need not be fetched. Only of one that nobody can change any more. */
  know(digest: Digest, manifest: Manifest): void
  /** A version with its artifacts, those of a large one from its manifest. @throws {StemmaError} BLOB_MISSING, DIGEST_MISMATCH. */
  complete(version: WireVersion, options: CallOptions): Promise<ModelVersion>
}

/** @param openBlob reads a blob of the registry. */
export function createWireVersions(openBlob: (digest: Digest, options: CallOptions) => AsyncIterable<Uint8Array>): WireVersions {
  const cache = createByteBoundedCache<Digest, Manifest>(CACHE_BYTES)

  const artifactsOf = async (digest: Digest, options: CallOptions): Promise<Artifact[]> => {
    const held = cache.get(digest)
    if (held) return held.artifacts
    const bytes = await readBlob(openBlob(digest, options))
    const manifest = deepFreeze(readManifest(bytes, digest))
    cache.keep(digest, manifest, bytes.byteLength)
    return manifest.artifacts
  }

  return {
    know(digest, manifest) {
      // Those of a smaller version come with it.
      if (manifest.artifacts.length > MAX_INLINE_ARTIFACTS && isBuilt(manifest)) cache.keep(digest, manifest, manifestBytes(manifest).byteLength)
    },
    async complete({ artifacts, ...version }, options) {
      if (artifacts) return { ...version, artifacts }
      try {
        return { ...version, artifacts: await artifactsOf(version.digest, options) }
      } catch (error) {
        if (!isStemmaError(error, 'BLOB_MISSING', 'DIGEST_MISMATCH')) throw error
        const { name, version: number } = version
        throw new StemmaError(error.code, `the manifest of ${name}@${number} cannot be read: ${error.message}`, {
          hint: error.hint,
          details: { ...error.details, name, version: number },
          cause: error
        })
      }
    }
  }
}

async function readBlob(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of source) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > MAX_MANIFEST_BYTES) throw new StemmaError('TOO_LARGE', `a manifest has more than ${MAX_MANIFEST_BYTES} bytes`, { details: { limit: MAX_MANIFEST_BYTES } })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, sizeBytes)
}
