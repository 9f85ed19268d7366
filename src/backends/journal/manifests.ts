import { isStemmaError, StemmaError } from '../../errors/stemma-error.js'
import { isBuilt, MAX_MANIFEST_BYTES, readManifest } from '../../record/manifest.js'
import type { Manifest } from '../../schemas/artifact.js'
import type { Digest } from '../../schemas/digest.js'
import type { ModelVersion, VersionSummary } from '../../schemas/model-version.js'
import type { CallOptions } from '../../util/options.js'
import { createByteBoundedCache } from '../byte-bounded-cache.js'
import { deepFreeze } from '../deep-freeze.js'
import type { BlobStore } from './blob-store.js'

/** What parsed manifests may take, counted by their bytes as JSON. */
const CACHE_BYTES = 33_554_432

/** Manifests by digest; those read last are kept parsed. */
export interface Manifests {
  /** @throws {StemmaError} BLOB_MISSING, DIGEST_MISMATCH. */
  read(digest: Digest, options: CallOptions): Promise<Manifest>
  /** Keeps a manifest whose canonical bytes are at hand. */
  remember(digest: Digest, manifest: Manifest, bytes: Uint8Array): void
  /** A version with its artifacts. The parts of it are frozen: they are shared with the cache. */
  complete(version: VersionSummary, options: CallOptions): Promise<ModelVersion>
}

/** Reads manifests from a blob store, through a cache that is bounded by bytes. */
export function createManifests(blobs: BlobStore, cacheBytes = CACHE_BYTES): Manifests {
  const cache = createByteBoundedCache<Digest, Manifest>(cacheBytes)

  const read = async (digest: Digest, options: CallOptions): Promise<Manifest> => {
    const held = cache.get(digest)
    if (held) return held
    const bytes = await blobs.read(digest, MAX_MANIFEST_BYTES, options)
    const manifest = deepFreeze(readManifest(bytes, digest))
    cache.keep(digest, manifest, bytes.byteLength)
    return manifest
  }

  return {
    read,
    remember(digest, manifest, bytes) {
      if (cache.has(digest)) return
      cache.keep(digest, isBuilt(manifest) ? manifest : deepFreeze(readManifest(bytes, digest)), bytes.byteLength)
    },
    async complete(version, options) {
      try {
        const manifest = await read(version.digest, options)
        return { ...deepFreeze(version), artifacts: manifest.artifacts }
      } catch (error) {
        throw naming(error, version)
      }
    }
  }
}

/** A damaged or missing manifest is named by the version that needs it. */
function naming(error: unknown, { name, version }: VersionSummary): unknown {
  if (!isStemmaError(error, 'BLOB_MISSING', 'DIGEST_MISMATCH')) return error
  return new StemmaError(error.code, `the manifest of ${name}@${version} cannot be read: ${error.message}`, {
    hint: error.hint,
    details: { ...error.details, name, version },
    cause: error
  })
}
