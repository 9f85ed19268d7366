import { statSync } from 'node:fs'
import { isStemmaError } from '../../errors/stemma-error.js'
import { systemErrorCode } from '../../io/system-error.js'
import { readManifest } from '../../record/manifest.js'
import type { ModelVersion } from '../../schemas/model-version.js'
import { temporaryPath, type CacheContext } from './cache-context.js'
import { checkCacheFolder, makeCacheFolder } from './cache-folder.js'
import { checkedJsonBytes, readCheckedJson } from './checked-json.js'

/** What a reference meant the last time that the registry answered. */
export interface RememberedResolution {
  version: ModelVersion
  /** When the registry said so, milliseconds since 1970. */
  rememberedAtMs: number
}

/** See `ModelCache.rememberResolution`. */
export async function rememberResolution(cache: CacheContext, key: string, version: ModelVersion): Promise<void> {
  const { fs, layout, sources } = cache
  const path = layout.resolution(key)
  // The list of artifacts is in manifest.json of the version, checked there; here it would be written again at each start.
  const { artifacts, ...summary } = version
  const bytes = checkedJsonBytes({ format: FORMAT, key, summary, artifactCount: artifacts.length })
  try {
    makeCacheFolder(layout)
    const before = await fs.readFile(path)
    if (before === undefined || Buffer.compare(before, bytes) !== 0) {
      for (const folder of [layout.resolutions, layout.temporary]) await fs.makeFolder(folder, { mode: 0o700, sync: false })
      const temporary = temporaryPath(cache)
      await fs.writeNew(temporary, bytes, { mode: 0o600, sync: false })
      await fs.rename(temporary, path)
    }
    await fs.touch(path, sources.now())
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
  }
}

/** See `ModelCache.recallResolution`. */
export async function recallResolution(cache: CacheContext, key: string): Promise<RememberedResolution | undefined> {
  const { fs, layout } = cache
  if (!checkCacheFolder(layout)) return undefined
  const path = layout.resolution(key)
  const value = readCheckedJson(await fs.readFile(path))
  if (typeof value !== 'object' || value === null || !('format' in value) || value.format !== FORMAT) return undefined
  if (!('key' in value) || value.key !== key || !('summary' in value)) return undefined
  const { versionSummarySchema } = await import('../../schemas/model-version.js')
  const summary = versionSummarySchema.safeParse(value.summary)
  if (!summary.success) return undefined
  const artifacts = await artifactsOf(cache, summary.data.digest)
  if (artifacts === undefined) return undefined
  return { version: { ...summary.data, artifacts }, rememberedAtMs: statSync(path).mtimeMs }
}

async function artifactsOf(cache: CacheContext, digest: string): Promise<ModelVersion['artifacts'] | undefined> {
  const bytes = await cache.fs.readFile(cache.layout.version(digest).manifest)
  if (bytes === undefined) return undefined
  try {
    return readManifest(bytes, digest).artifacts
  } catch (error) {
    if (isStemmaError(error)) return undefined
    throw error
  }
}

const FORMAT = 1
