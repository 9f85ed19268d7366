import { currentBootId } from '../../io/boot-id.js'
import type { StoreFs } from '../../io/store-fs.js'
import type { ModelVersion } from '../../schemas/model-version.js'
import type { CallOptions } from '../../util/options.js'
import type { Sources } from '../../util/sources.js'
import type { CacheContext } from './cache-context.js'
import { cacheLayout } from './cache-layout.js'
import { materialize, type Materialized, type MaterializeRequest } from './materialize.js'
import { listCache, pruneCache, type CachedVersion, type PruneOptions, type PruneReport } from './prune.js'
import { recallResolution, rememberResolution, type RememberedResolution } from './resolutions.js'

/** What {@link openModelCache} is told. */
export interface ModelCacheOptions {
  /** Absolute path; created when the first version is kept. */
  root: string
  fs: StoreFs
  sources: Sources
  /**
   * Whether a power cut is reckoned with. A new file then counts as verified until the machine is started again, is hashed once more after
   * that, and made durable; where the system does not tell one start from another, it is made durable at once. Without, a power cut may leave
   * damaged files that are not noticed until somebody asks for `verify: 'always'`.
   *
   * @default true
   */
  sync?: boolean | undefined
  /** Names the time since the machine was started; `undefined` where that cannot be told. @default {@link currentBootId} */
  bootId?: (() => string | undefined) | undefined
}

/**
 * Versions on this machine's disk, verified, under their digests. Processes may share one cache: files are written beside and
 * moved into place, so that what is there under a name is always whole. A file is trusted as long as its size, times and inode are
 * those that it had when its bytes were last verified; anything else has it hashed again. Files are read-only copies, never links
 * to the registry's own.
 */
export interface ModelCache {
  /** The cache folder. */
  readonly root: string
  /**
   * Makes the files of a version lie in the cache, verified: uses those that are there, hashes those that may have changed, and
   * fetches those that are missing or damaged. Files that were fetched before a failure stay.
   *
   * @throws {StemmaError} DIGEST_MISMATCH when the registry's bytes, or its list of artifacts, are not those of the version;
   * INVALID_PATH for a list with unsafe paths; NOT_FOUND when `include` matches nothing; ACCESS_DENIED when others can write to
   * the cache folder; NO_SPACE, READ_ONLY, IO; what `fetch` throws.
   * @example
   * ```ts
   * const { dir } = await cache.materialize({ digest: version.digest, artifacts: version.artifacts, fetch })
   * ```
   */
  materialize(request: MaterializeRequest): Promise<Materialized>
  /**
   * Keeps what a reference means now, for a start without the registry. Best effort: a cache that cannot be written to is no error.
   *
   * @param key - registry and reference, as one text.
   */
  rememberResolution(key: string, version: ModelVersion): Promise<void>
  /** What a reference meant when it was last remembered; `undefined` when that is unknown or damaged. */
  recallResolution(key: string): Promise<RememberedResolution | undefined>
  /** All versions in the cache, the one used last first. */
  list(options?: CallOptions): Promise<CachedVersion[]>
  /** Removes versions, the least recently used first, until the rest fits; and what killed processes left behind. */
  prune(options: PruneOptions): Promise<PruneReport>
}

/** Opens the cache of models. Touches no file before the first call. */
export function openModelCache(options: ModelCacheOptions): ModelCache {
  const { root, fs, sources, sync = true, bootId = currentBootId } = options
  const context: CacheContext = { layout: cacheLayout(root), fs, sources, sync, bootId }
  return {
    root,
    materialize: (request) => materialize(context, request),
    rememberResolution: (key, version) => rememberResolution(context, key, version),
    recallResolution: (key) => recallResolution(context, key),
    list: (callOptions = {}) => listCache(context, callOptions),
    prune: (pruneOptions) => pruneCache(context, pruneOptions)
  }
}
