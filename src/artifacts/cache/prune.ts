import { lstatSync, readdirSync, renameSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CallOptions } from '../../util/options.js'
import { MAX_PARTIAL_AGE_MS } from '../partial-files.js'
import { withStaging, type CacheContext } from './cache-context.js'
import { checkCacheFolder } from './cache-folder.js'

/** A version in the cache. */
export interface CachedVersion {
  /** Digest of the version. */
  digest: string
  /** Bytes of its files. */
  sizeBytes: number
  fileCount: number
  /** When it was last materialized or used, milliseconds since 1970. */
  lastUsedMs: number
}

/** What {@link pruneCache} removes. */
export interface PruneOptions extends CallOptions {
  /** Versions go, the least recently used first, until the rest fits. `0`: all that may go. */
  maxBytes: number
  /** A version used since is kept, because a program may be about to read it. @default 3_600_000, one hour */
  minIdleMs?: number | undefined
}

/** What {@link pruneCache} did. */
export interface PruneReport {
  removed: CachedVersion[]
  freedBytes: number
  /** Bytes of the versions that stayed; may be above `maxBytes` when they are in use. */
  keptBytes: number
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const MAX_RECORD_AGE_MS = 90 * DAY_MS

/** See `ModelCache.list`. */
export async function listCache(cache: CacheContext, options: CallOptions): Promise<CachedVersion[]> {
  if (!checkCacheFolder(cache.layout)) return []
  const versions: CachedVersion[] = []
  for (const hex of namesIn(cache.layout.versions)) {
    options.signal?.throwIfAborted()
    if (/^[0-9a-f]{64}$/.test(hex)) versions.push(await measure(cache, `sha256:${hex}`, options))
  }
  return versions.sort((a, b) => b.lastUsedMs - a.lastUsedMs || (a.digest < b.digest ? -1 : 1))
}

/** See `ModelCache.prune`. */
export async function pruneCache(cache: CacheContext, options: PruneOptions): Promise<PruneReport> {
  const versions = await listCache(cache, options)
  const idleBefore = cache.sources.now() - (options.minIdleMs ?? HOUR_MS)
  let keptBytes = versions.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const removed: CachedVersion[] = []
  for (const version of versions.toReversed()) {
    options.signal?.throwIfAborted()
    if (keptBytes <= options.maxBytes || version.lastUsedMs > idleBefore) break
    await removeVersion(cache, version.digest)
    keptBytes -= version.sizeBytes
    removed.push(version)
  }
  await sweep(cache, cache.layout.temporary, DAY_MS)
  await sweep(cache, cache.layout.partial, MAX_PARTIAL_AGE_MS)
  await sweep(cache, cache.layout.digests, MAX_RECORD_AGE_MS)
  return { removed, freedBytes: removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), keptBytes }
}

/** Moves the folder away first, in one step, so that nobody finds half of a version. */
async function removeVersion(cache: CacheContext, digest: string): Promise<void> {
  await withStaging(cache, (staging) => {
    renameSync(cache.layout.version(digest).folder, join(staging, 'version'))
    return Promise.resolve()
  })
}

/** Removes what nobody has written to for a while: what killed processes left on its way, and what is of no use any more. */
async function sweep(cache: CacheContext, folder: string, maxAgeMs: number): Promise<void> {
  for (const name of namesIn(folder)) {
    const path = join(folder, name)
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats && stats.mtimeMs < cache.sources.now() - maxAgeMs) await rm(path, { recursive: true, force: true })
  }
}

async function measure(cache: CacheContext, digest: string, options: CallOptions): Promise<CachedVersion> {
  const place = cache.layout.version(digest)
  const record = lstatSync(place.record, { throwIfNoEntry: false }) ?? lstatSync(place.folder, { throwIfNoEntry: false })
  const version: CachedVersion = { digest, sizeBytes: 0, fileCount: 0, lastUsedMs: record?.mtimeMs ?? 0 }
  const folders = [place.files]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    await nextTurn()
    options.signal?.throwIfAborted()
    for (const name of namesIn(folder)) {
      const path = join(folder, name)
      const stats = lstatSync(path, { throwIfNoEntry: false })
      if (stats?.isDirectory()) folders.push(path)
      else if (stats) {
        version.sizeBytes += stats.size
        version.fileCount++
      }
    }
  }
  return version
}

function namesIn(folder: string): string[] {
  return lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(folder) : []
}
