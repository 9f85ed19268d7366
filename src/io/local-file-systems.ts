import { statfsSync } from 'node:fs'
import { systemErrorCode } from './system-error.js'

/**
 * Types of file systems, as statfs(2) tells them on Linux, that lie on this machine: what one process does is seen by all at once, and
 * syncfs(2) writes everything and reports what could not be written. Elsewhere, and on other systems, nothing is taken for granted.
 */
const LOCAL_TYPES: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x5846_5342, // XFS
  0x9123_683e, // Btrfs
  0xf2f5_2010, // F2FS
  0x0102_1994 // tmpfs
])

/** Whether a path is on a file system of this machine that is known to behave as one; `false` for what is not there, or not known. */
export function isOnLocalFileSystem(path: string): boolean {
  if (process.platform !== 'linux') return false
  try {
    return LOCAL_TYPES.has(statfsSync(path).type)
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return false
  }
}
