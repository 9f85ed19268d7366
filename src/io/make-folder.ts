import { closeSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { syncAll } from './descriptor.js'
import type { Flush } from './flush.js'
import { systemErrorCode } from './system-error.js'

/** The steps of `StoreFs.makeFolder`. */
export async function makeFolder(path: string, options: { mode: number; sync: boolean }, flush: Flush): Promise<void> {
  const made = makeFoldersSync(path, options.mode)
  if (!options.sync) return
  for (const folder of made) await syncFolder(dirname(folder), flush)
}

/**
 * Makes a folder and what is missing above it; no error if it is there. Not by `mkdir` with `recursive`, which Node never ends where
 * a folder is there but takes nothing new and says ENOENT: in `/proc`, in a folder that was removed, below a dead mount.
 *
 * @returns those that were missing, the outermost first.
 * @throws the system's own error.
 */
export function makeFoldersSync(path: string, mode: number): string[] {
  const made = new Set<string>()
  for (let attempt = 1; ; attempt += 1) {
    try {
      const missing = missingFolders(path)
      for (const folder of missing) {
        makeOne(folder, mode)
        made.add(folder)
      }
      // Tells a file in that place from a folder; there is nothing left to make.
      if (missing.length === 0) mkdirSync(path, { recursive: true, mode })
      return [...made]
    } catch (error) {
      // Another process may have moved a folder away in between.
      if (systemErrorCode(error) !== 'ENOENT' || attempt === ATTEMPTS) throw error
    }
  }
}

const ATTEMPTS = 3

function missingFolders(path: string): string[] {
  const missing: string[] = []
  for (let above = path; statSync(above, { throwIfNoEntry: false }) === undefined; above = dirname(above)) {
    missing.unshift(above)
    if (dirname(above) === above) break
  }
  return missing
}

/** Another process may make it at the same time. */
function makeOne(folder: string, mode: number): void {
  try {
    mkdirSync(folder, { mode })
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST' || statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw error
  }
}

const CANNOT_SYNC: ReadonlySet<string> = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])
const CANNOT_SYNC_ON_WINDOWS: ReadonlySet<string> = new Set(['EPERM', 'EISDIR', 'EACCES'])

/** The steps of `StoreFs.syncFolder`; the flush is done in the thread pool unless another way is given. */
export async function syncFolder(path: string, flush: Flush = syncAll): Promise<void> {
  let fd: number | undefined
  try {
    fd = openSync(path, 'r')
    await flush(fd, 'all')
  } catch (error) {
    const code = systemErrorCode(error) ?? ''
    if (!CANNOT_SYNC.has(code) && !(process.platform === 'win32' && CANNOT_SYNC_ON_WINDOWS.has(code))) throw error
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}
