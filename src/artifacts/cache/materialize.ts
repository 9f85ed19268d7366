import { utimesSync } from 'node:fs'
import { systemErrorCode, toStemmaError } from '../../io/system-error.js'
import type { TransferOptions } from '../../util/options.js'
import { checkManifest } from '../check-manifest.js'
import type { BytesOrigin } from '../fetched-bytes.js'
import { selectFiles, type FileSelection } from '../select-files.js'
import { temporaryPath, withStaging, type CacheContext } from './cache-context.js'
import { checkCacheFolder, makeCacheFolder } from './cache-folder.js'
import type { VersionPlace } from './cache-layout.js'
import { installFiles } from './install-files.js'
import { folderMaker } from './real-folders.js'
import { surveyFiles, type DamageKind } from './survey-files.js'
import { listKeyOf, readRecord, writeRecord, type VerificationRecord, type VerifiedFile } from './verification-record.js'

/** Which version is wanted in the cache, and where its bytes come from. */
export interface MaterializeRequest extends FileSelection, BytesOrigin, TransferOptions {
  /** Digest of the version. */
  digest: string
  /** @default 'changed' */
  verify?: 'changed' | 'always' | undefined
  /** Called for each damaged file, before it is fetched anew. */
  onDamage?: ((damage: { path: string; kind: DamageKind }) => void) | undefined
}

/** A version whose files lie in the cache, verified. */
export interface Materialized {
  /** Absolute folder of its files. May hold more of the version than `include` asked for. */
  dir: string
  /** `cache` when every byte was there. */
  source: 'cache' | 'registry'
  /** Logical paths of files that were there before, were damaged or lost since, and were restored. */
  healed: string[]
  /** Logical paths of the files that were asked for. */
  paths: string[]
}

/** See `ModelCache.materialize`. */
export async function materialize(cache: CacheContext, request: MaterializeRequest): Promise<Materialized> {
  request.signal?.throwIfAborted()
  const place = cache.layout.version(request.digest)
  try {
    return await materializeAt(cache, place, request)
  } catch (error) {
    throw toStemmaError(error, `cannot keep the version ${request.digest} in the cache`)
  }
}

async function materializeAt(cache: CacheContext, place: VersionPlace, request: MaterializeRequest): Promise<Materialized> {
  const { digest, artifacts, verify = 'changed', signal, onProgress } = request
  const present = checkCacheFolder(cache.layout)
  const listKey = listKeyOf(artifacts)
  const known = present ? await readRecord(cache.fs, place.record) : undefined
  const manifest = known?.listKey === listKey ? undefined : checkManifest(artifacts, digest)
  const record: VerificationRecord = { listKey, files: known?.files ?? new Map<string, VerifiedFile>() }
  const files = await selectFiles(request)
  const survey = await surveyFiles(cache, files, { folder: place.filesFromBase, verified: record.files, verify, signal, onProgress })
  for (const [path, kind] of survey.damage) request.onDamage?.({ path, kind })
  for (const [path, verified] of survey.confirmed) record.files.set(path, verified)

  if (survey.toWrite.length > 0 || !present) {
    makeCacheFolder(cache.layout)
    await withStaging(cache, async (staging) => {
      await installFiles(cache, survey.toWrite, {
        origin: request,
        staging,
        folder: place.filesFromBase,
        signal,
        onProgress,
        onInstalled: (file, verified) => record.files.set(file.path, verified)
      })
    }).finally(() => keepRecord(cache, place, record, manifest))
  } else if (manifest !== undefined || survey.confirmed.size > 0) await keepRecord(cache, place, record, manifest)
  stampUse(place, cache.sources.now())
  return {
    dir: place.files,
    source: survey.toWrite.length > 0 ? 'registry' : 'cache',
    healed: [...survey.damage.keys()],
    paths: files.map(({ path }) => path)
  }
}

/**
 * Writes down what was verified, and the manifest when it was checked in this call. Best effort: on a disk that is full or
 * read-only the model can still be used; it is hashed again the next time.
 */
async function keepRecord(cache: CacheContext, place: VersionPlace, record: VerificationRecord, manifest?: Uint8Array): Promise<void> {
  try {
    await withStaging(cache, async (staging) => {
      folderMaker(cache.layout.base, staging).make(place.filesFromBase)
      if (manifest !== undefined) {
        const temporary = temporaryPath(cache)
        await cache.fs.writeNew(temporary, manifest, { mode: 0o600, sync: false })
        await cache.fs.rename(temporary, place.manifest)
      }
      await writeRecord(cache.fs, place.record, record, temporaryPath(cache))
    })
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
  }
}

/** The time of the last use, which `prune` goes by. Best effort. */
function stampUse(place: VersionPlace, nowMs: number): void {
  try {
    utimesSync(place.record, nowMs / 1000, nowMs / 1000)
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
  }
}
