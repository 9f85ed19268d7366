import { chmodSync, lstatSync } from 'node:fs'
import { StemmaError } from '../../errors/stemma-error.js'
import { makeFoldersSync } from '../../io/make-folder.js'
import type { CacheLayout } from './cache-layout.js'

/** Creates the cache folder, for this user alone, if it is absent; checks it in any case. */
export function makeCacheFolder(layout: CacheLayout): void {
  if (checkCacheFolder(layout)) return
  makeFoldersSync(layout.root, 0o700)
  makeFoldersSync(layout.base, 0o700)
  // An inherited access list can give more than the mode that was asked for.
  if (process.platform !== 'win32') chmodSync(layout.base, 0o700)
  checkCacheFolder(layout)
}

/**
 * Whether the cache folder is there. Others who can write to it could put another model in place of a verified one, so such a
 * folder is not used.
 *
 * @throws {StemmaError} ACCESS_DENIED when it is a link, belongs to another user, or everybody may write to it.
 */
export function checkCacheFolder(layout: CacheLayout): boolean {
  const stats = lstatSync(layout.base, { throwIfNoEntry: false })
  if (!stats) return false
  if (!stats.isDirectory()) throw notUsable(layout, 'is not a folder')
  if (process.platform === 'win32') return true
  if ((stats.mode & 0o002) !== 0) throw notUsable(layout, 'can be written by every user of this machine')
  const user = process.getuid?.()
  if (user !== undefined && user !== 0 && stats.uid !== 0 && stats.uid !== user) throw notUsable(layout, 'belongs to another user')
  return true
}

function notUsable(layout: CacheLayout, reason: string): StemmaError {
  return new StemmaError('ACCESS_DENIED', `the cache folder ${layout.base} ${reason}: a model in it could be replaced unseen`, {
    hint: 'Remove it, or set STEMMA_CACHE to a folder of your own.',
    details: { path: layout.base }
  })
}
