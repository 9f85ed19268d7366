import { lstatSync, readdirSync, renameSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { unlinkQuietly } from '../io/descriptor.js'
import { makeFoldersSync } from '../io/make-folder.js'
import { systemErrorCode } from '../io/system-error.js'
import { sha256Hex } from '../util/sha256.js'
import type { Sources } from '../util/sources.js'

/** From this size on a file that is cut short is kept and gone on with by a later call; a smaller one is soon fetched again. */
export const PARTIAL_BYTES = 8_388_608

/** A download that nobody went on with for this long, 7 days, was given up. */
export const MAX_PARTIAL_AGE_MS = 604_800_000

/** A writer of another machine that has not written for this long is gone: the watchdog of a download is much shorter. */
const SILENT_MS = 120_000
/** The same when no process has its number. Not at once: it may live where this process cannot see it, in another container. */
const DEAD_MS = 2_000

/** Files that are being fetched, each with one writer. */
export interface PartialFiles {
  /** A file of its own for this process: what a writer that is gone left of the same bytes, else a name for a new one. */
  claim(digest: string): string
  /** Says that nobody writes to it any more: whoever wants the same bytes next may go on with it at once. */
  release(path: string): void
}

/**
 * Partial files in a folder, named `<hex of the digest>.<writer>.<random>`. What is there is adopted by renaming it to an own name, in one
 * step, so that one process gets it. Two that should write to one file after all, because one was taken for gone, spoil only that file: its
 * digest shows it. Everything here is best effort: what cannot be kept is fetched again.
 */
export function openPartialFiles(folder: string, sources: Sources): PartialFiles {
  const host = sha256Hex(hostname()).slice(0, 8)
  const newPath = (hex: string, writer: string): string => join(folder, `${hex}.${writer}.${Buffer.from(sources.randomBytes(8)).toString('hex')}`)
  return {
    claim: (digest) => {
      makeFoldersSync(folder, 0o700)
      const hex = digest.slice('sha256:'.length)
      const own = newPath(hex, `${host}-${process.pid}`)
      for (const name of leftBehind(folder, hex, host, sources.now())) if (moved(join(folder, name), own)) break
      return own
    },
    release: (path) => {
      const [hex = ''] = path.slice(folder.length + 1).split('.')
      moved(path, newPath(hex, IDLE))
    }
  }
}

const IDLE = 'idle'

/** Names of files of the same bytes that no writer holds, the largest first. Those that are too old are removed on the way. */
function leftBehind(folder: string, hex: string, host: string, nowMs: number): string[] {
  const found: { name: string; sizeBytes: number }[] = []
  for (const name of readdirSync(folder)) {
    const stats = lstatSync(join(folder, name), { throwIfNoEntry: false })
    if (!stats?.isFile()) continue
    const silentMs = nowMs - stats.mtimeMs
    if (silentMs > MAX_PARTIAL_AGE_MS) unlinkQuietly(join(folder, name))
    else if (name.startsWith(`${hex}.`) && isFree(name, host, silentMs)) found.push({ name, sizeBytes: stats.size })
  }
  return found.sort((a, b) => b.sizeBytes - a.sizeBytes).map(({ name }) => name)
}

function isFree(name: string, host: string, silentMs: number): boolean {
  const [, writer = ''] = name.split('.')
  if (writer === IDLE || silentMs > SILENT_MS) return true
  const [writerHost, processId = ''] = writer.split('-')
  return writerHost === host && silentMs > DEAD_MS && /^\d{1,10}$/.test(processId) && !isAlive(Number(processId))
}

function isAlive(processId: number): boolean {
  try {
    return process.kill(processId, 0)
  } catch (error) {
    // EPERM: it lives, and belongs to another user.
    return systemErrorCode(error) !== 'ESRCH'
  }
}

function moved(from: string, to: string): boolean {
  try {
    renameSync(from, to)
    return true
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return false
  }
}
