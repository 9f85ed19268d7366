import { closeSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { syncAll } from './descriptor.js'
import { systemErrorCode } from './system-error.js'

/** The steps of `StoreFs.makeFolder`. */
export async function makeFolder(path: string, options: { mode: number; sync: boolean }): Promise<void> {
  const missing: string[] = []
  let above = path
  while (statSync(above, { throwIfNoEntry: false }) === undefined) {
    missing.push(above)
    if (dirname(above) === above) break
    above = dirname(above)
  }
  // Also without anything missing: it tells a file in that place from a folder.
  mkdirSync(path, { recursive: true, mode: options.mode })
  if (!options.sync) return
  for (const folder of missing.reverse()) await syncFolder(dirname(folder))
}

const CANNOT_SYNC: ReadonlySet<string> = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])
const CANNOT_SYNC_ON_WINDOWS: ReadonlySet<string> = new Set(['EPERM', 'EISDIR', 'EACCES'])

/** The steps of `StoreFs.syncFolder`. */
export async function syncFolder(path: string): Promise<void> {
  let fd: number | undefined
  try {
    fd = openSync(path, 'r')
    await syncAll(fd)
  } catch (error) {
    const code = systemErrorCode(error) ?? ''
    if (!CANNOT_SYNC.has(code) && !(process.platform === 'win32' && CANNOT_SYNC_ON_WINDOWS.has(code))) throw error
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}
