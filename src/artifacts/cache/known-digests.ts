import { createHash } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { isStemmaError } from '../../errors/stemma-error.js'
import { hadRested, type KnownDigests, type StampedFile } from '../../io/known-digests.js'
import type { StoreFs } from '../../io/store-fs.js'
import { systemErrorCode } from '../../io/system-error.js'
import type { Digest } from '../../schemas/digest.js'
import type { Sources } from '../../util/sources.js'
import { temporaryPath, type CacheContext } from './cache-context.js'
import { checkCacheFolder, makeCacheFolder } from './cache-folder.js'
import { cacheLayout } from './cache-layout.js'
import { checkedJsonBytes, readCheckedJson } from './checked-json.js'

/** Most files that are remembered of one folder: those remembered last. */
const MAX_FILES = 20_000

interface KnownFile {
  stamp: string
  digest: Digest
}

/**
 * Keeps what files were in the folder of the cache: one record for each folder that files were hashed in. A record that is lost, torn or
 * written by two processes at once only costs that files are hashed again. Nothing is read from or written to a cache folder that others
 * may write to: somebody could have another model registered than the one that lies there.
 *
 * @param root absolute path of the cache folder.
 */
export function openKnownDigests(root: string, fs: StoreFs, sources: Sources): KnownDigests {
  const cache: CacheContext = { layout: cacheLayout(root), fs, sources, sync: false, bootId: () => undefined }
  return {
    recall: (files) => recall(cache, files),
    remember: (files, hashedAtMs) => remember(cache, files, hashedAtMs)
  }
}

async function recall(cache: CacheContext, files: readonly StampedFile[]): Promise<(Digest | undefined)[]> {
  const records = new Map<string, Map<string, KnownFile>>()
  if (!isUsable(cache)) return files.map(() => undefined)
  for (const folder of byFolder(files).keys()) records.set(folder, await readRecord(cache, folder))
  return files.map(({ path, stamp }) => {
    const known = records.get(dirname(path))?.get(basename(path))
    return known?.stamp === stamp ? known.digest : undefined
  })
}

async function remember(cache: CacheContext, files: readonly (StampedFile & { digest: Digest })[], hashedAtMs: number): Promise<void> {
  const rested = files.filter(({ stamp }) => hadRested(stamp, hashedAtMs))
  if (rested.length === 0) return
  try {
    makeCacheFolder(cache.layout)
    for (const folder of [cache.layout.digests, cache.layout.temporary]) await cache.fs.makeFolder(folder, { mode: 0o700, sync: false })
    for (const [folder, inFolder] of byFolder(rested)) {
      const record = await readRecord(cache, folder)
      for (const { path, stamp, digest } of inFolder) {
        // Last in the order: the first ones go when there are too many.
        record.delete(basename(path))
        record.set(basename(path), { stamp, digest })
      }
      await writeRecord(cache, folder, record)
    }
  } catch (error) {
    if (systemErrorCode(error) === undefined && !isStemmaError(error)) throw error
  }
}

async function readRecord(cache: CacheContext, folder: string): Promise<Map<string, KnownFile>> {
  const known = new Map<string, KnownFile>()
  const value = readCheckedJson(await bytesOf(cache, recordPath(cache, folder)))
  if (typeof value !== 'object' || value === null || !('format' in value) || value.format !== FORMAT) return known
  if (!('folder' in value) || value.folder !== folder || !('files' in value)) return known
  for (const entry of listOf(value.files)) {
    const [name, stamp, hex] = listOf(entry)
    if (typeof name !== 'string' || typeof stamp !== 'string' || typeof hex !== 'string' || !/^[0-9a-f]{64}$/.test(hex)) continue
    known.set(name, { stamp, digest: `sha256:${hex}` })
  }
  return known
}

async function bytesOf(cache: CacheContext, path: string): Promise<Uint8Array | undefined> {
  try {
    return await cache.fs.readFile(path)
  } catch (error) {
    if (systemErrorCode(error) === undefined && !isStemmaError(error)) throw error
    return undefined
  }
}

async function writeRecord(cache: CacheContext, folder: string, record: ReadonlyMap<string, KnownFile>): Promise<void> {
  const files = [...record].slice(-MAX_FILES).map(([name, { stamp, digest }]) => [name, stamp, digest.slice('sha256:'.length)])
  const temporary = temporaryPath(cache)
  await cache.fs.writeNew(temporary, checkedJsonBytes({ format: FORMAT, folder, files }), { mode: 0o600, sync: false })
  await cache.fs.rename(temporary, recordPath(cache, folder))
}

function recordPath(cache: CacheContext, folder: string): string {
  return join(cache.layout.digests, `${createHash('sha256').update(folder).digest('hex')}.json`)
}

function byFolder<T extends StampedFile>(files: readonly T[]): Map<string, T[]> {
  const folders = new Map<string, T[]>()
  for (const file of files) {
    const folder = dirname(file.path)
    const inFolder = folders.get(folder)
    if (inFolder === undefined) folders.set(folder, [file])
    else inFolder.push(file)
  }
  return folders
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function isUsable(cache: CacheContext): boolean {
  try {
    return checkCacheFolder(cache.layout)
  } catch (error) {
    if (systemErrorCode(error) === undefined && !isStemmaError(error)) throw error
    return false
  }
}

const FORMAT = 1
