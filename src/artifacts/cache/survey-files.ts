import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { systemErrorCode } from '../../io/system-error.js'
import type { Progress, TransferOptions } from '../../util/options.js'
import type { WantedFile } from '../fetched-bytes.js'
import type { CacheContext } from './cache-context.js'
import { fingerprintOf, hadRested, hasSize } from './fingerprint.js'
import { folderStates, isSomething, joinLogical, parentOf } from './real-folders.js'
import type { VerifiedFile } from './verification-record.js'

/**
 * Why a file of the cache cannot be used:
 * - `missing`: it was verified before, and is not there,
 * - `damaged`: its bytes are not those of the version,
 * - `unsafe`: a link or something else than a file is in its place, or in that of a folder above it.
 */
export type DamageKind = 'missing' | 'damaged' | 'unsafe'

/** What a look at the files of a version found. */
export interface Survey {
  /** Files that are not there or cannot be used. */
  toWrite: WantedFile[]
  /** Those of them that had been there. */
  damage: Map<string, DamageKind>
  /** Files of which more is known now: they were hashed and are right, or have become durable. */
  confirmed: Map<string, VerifiedFile>
}

/** What {@link surveyFiles} works with. */
export interface SurveyOptions extends TransferOptions {
  /** Folder of the files, from the base of the cache. */
  folder: string
  /** What was verified before, by logical path. */
  verified: ReadonlyMap<string, VerifiedFile>
  /** `changed`: hash what has another fingerprint than when it was verified; `always`: hash all. */
  verify: 'changed' | 'always'
}

interface DoubtfulFile {
  file: WantedFile
  path: string
  fingerprint: string
}

const SLICE = 2_000

/** Looks at each file, hashes those that may have changed since they were verified, and says which cannot be used. */
export async function surveyFiles(cache: CacheContext, files: readonly WantedFile[], options: SurveyOptions): Promise<Survey> {
  const survey: Survey = { toWrite: [], damage: new Map(), confirmed: new Map() }
  const doubtful: DoubtfulFile[] = []
  const unflushed: DoubtfulFile[] = []
  const folderState = folderStates(cache.layout.base)
  const folder = join(cache.layout.base, options.folder)
  let looked = 0
  for (const file of files) {
    if (++looked % SLICE === 0) await nextTurn()
    options.signal?.throwIfAborted()
    // Not `join`: it costs as much as the look at the file itself, and the path is checked.
    const path = `${folder}/${file.path}`
    const known = options.verified.get(file.path)
    const state = folderState(joinLogical(options.folder, parentOf(file.path)))
    const fingerprint = state === 'real' ? fingerprintOf(path) : undefined
    const isAsVerified = known !== undefined && known.fingerprint === fingerprint && known.digest === file.digest && isHeld(cache, known)
    if (fingerprint === undefined) {
      const isUnsafe = state === 'other' || (state === 'real' && isSomething(path))
      refuse(survey, file, isUnsafe ? 'unsafe' : known && 'missing')
    } else if (isAsVerified && options.verify === 'changed') {
      if (known.boot !== undefined) unflushed.push({ file, path, fingerprint })
    } else if (!hasSize(fingerprint, file.sizeBytes)) refuse(survey, file, 'damaged')
    else doubtful.push({ file, path, fingerprint })
  }
  if (unflushed.length > 0) doubtful.push(...(await flush(cache, unflushed, survey)))
  if (doubtful.length > 0) await hashDoubtful(cache, doubtful, survey, options)
  return survey
}

/** What a system says of bytes that it could not write, once: until then they look as if they were there. */
const LOST = new Set(['EIO', 'ENOSPC', 'EDQUOT'])

/**
 * Makes files durable that were not flushed when they were written, so that they are believed from now on. Most have been written in the background since,
 * and take no time; where that failed, this is when the system says so, and the bytes are fetched anew.
 *
 * @returns what cannot be flushed for another reason, and is hashed instead.
 */
async function flush(cache: CacheContext, files: readonly DoubtfulFile[], survey: Survey): Promise<readonly DoubtfulFile[]> {
  try {
    if (cache.sync) await cache.fs.syncFiles(files.map(({ path }) => path))
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === undefined) throw error
    if (!LOST.has(code)) return files
    for (const { file } of files) refuse(survey, file, 'damaged')
    return []
  }
  if (cache.sync) for (const { file, fingerprint } of files) survey.confirmed.set(file.path, { fingerprint, digest: file.digest, boot: undefined })
  return []
}

/** Whether a power cut cannot have taken the bytes since. */
function isHeld(cache: CacheContext, { boot }: VerifiedFile): boolean {
  return boot === undefined || boot === cache.bootId()
}

async function hashDoubtful(cache: CacheContext, doubtful: readonly DoubtfulFile[], survey: Survey, options: SurveyOptions): Promise<void> {
  const beginMs = cache.sources.now()
  const { signal, onProgress } = options
  const report = (progress: Progress): void => onProgress?.({ ...progress, phase: 'verify' })
  const paths = doubtful.map(({ path }) => path)
  const hashed = await cache.fs.hash(paths, { signal, onProgress: report })
  const rested: DoubtfulFile[] = []
  for (const [index, one] of doubtful.entries()) {
    const { file, path, fingerprint } = one
    const right = `sha256:${String(hashed[index])}` === file.digest && fingerprintOf(path) === fingerprint
    if (!right) refuse(survey, file, 'damaged')
    else if (hadRested(fingerprint, beginMs)) rested.push(one)
  }
  if (!(await areDurable(cache, rested))) return
  for (const { file, fingerprint } of rested) survey.confirmed.set(file.path, { fingerprint, digest: file.digest, boot: undefined })
}

/** Makes files durable, of which it is not known whether they were: that takes no time for those that were. What cannot be flushed is hashed the next time, too. */
async function areDurable({ fs, sync }: CacheContext, files: readonly DoubtfulFile[]): Promise<boolean> {
  try {
    if (sync) await fs.syncFiles(files.map(({ path }) => path))
    return true
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return false
  }
}

function refuse(survey: Survey, file: WantedFile, damage: DamageKind | undefined): void {
  survey.toWrite.push(file)
  if (damage !== undefined) survey.damage.set(file.path, damage)
}
