import type { StoreFs } from '../../io/store-fs.js'
import { systemErrorCode } from '../../io/system-error.js'

/** Removes a file; `false` when it was gone already. */
export function unlinkIfThere(path: string, fs: StoreFs): Promise<boolean> {
  return unlessGone(fs.unlink(path))
}

/** Renames a file; `false` when it was gone already. */
export function renameIfThere(from: string, to: string, fs: StoreFs): Promise<boolean> {
  return unlessGone(fs.rename(from, to))
}

async function unlessGone(work: Promise<void>): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false
    throw error
  }
}
