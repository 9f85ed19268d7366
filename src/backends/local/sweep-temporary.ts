import { join } from 'node:path'
import { timeSlices } from '../../io/event-loop.js'
import type { StoreFs } from '../../io/store-fs.js'
import { systemErrorCode } from '../../io/system-error.js'
import { blobFolders } from './blob-folders.js'
import { unlinkIfThere } from './if-there.js'
import type { LocalBlobStoreOptions } from './publish.js'
import { createSlotFiles } from './slot-files.js'

/**
 * Removes temporary files older than `olderThanMs` whose writer is gone, and damaged blobs that lie in the trash as long. A
 * writer of this machine is gone when no process has its number; of other machines, and of uploads, the age alone tells.
 *
 * @returns the names, relative to the store's folder; with `dryRun` those that would be removed.
 */
export async function sweepTemporary(olderThanMs: number, dryRun: boolean, store: LocalBlobStoreOptions): Promise<string[]> {
  const { fs, sources } = store
  const { temporary, trash, uploads } = blobFolders(store.root)
  const pause = timeSlices(sources)
  const isGone = (name: string): boolean => !isWriterAlive(name, store.writerTag)
  const swept: string[] = []
  for (const [folder, label, isCandidate] of [[temporary, 'tmp', isGone] as const, [trash, 'trash', isDamaged] as const, [uploads, 'uploads', isLeft] as const]) {
    for (const name of await fs.list(folder)) {
      await pause()
      const stat = await fs.stat(join(folder, name))
      // A folder is a slot that was not published, where slots are folders; in the other two nobody puts any.
      if (stat === undefined || (!stat.isFile && label !== 'tmp') || sources.now() - startOf(name, stat.mtimeMs) <= olderThanMs || !isCandidate(name)) continue
      if (dryRun || (await (stat.isFile ? unlinkIfThere(join(folder, name), fs) : removeSlot(join(folder, name), fs)))) swept.push(`${label}/${name}`)
    }
  }
  return swept
}

/** `false` when it was gone already, or holds other things. */
async function removeSlot(path: string, fs: StoreFs): Promise<boolean> {
  try {
    await createSlotFiles('rename', fs).discard(path)
    return true
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return false
  }
}

/** An upload that nobody went on with: each part that arrives makes it new again. */
function isLeft(): boolean {
  return true
}

function isDamaged(name: string): boolean {
  return /^\d{1,16}\.[0-9a-f]{64}\.damaged$/.test(name)
}

/** When it came there: what lies in the trash says so, its own time being older. */
function startOf(name: string, mtimeMs: number): number {
  return isDamaged(name) ? Number(name.slice(0, name.indexOf('.'))) : mtimeMs
}

function isWriterAlive(name: string, ownTag: string): boolean {
  const host = ownTag.slice(0, ownTag.lastIndexOf('-') + 1)
  const [, processId] = name.startsWith(host) ? (/^(\d{1,10})-/.exec(name.slice(host.length)) ?? []) : []
  if (processId === undefined) return false
  try {
    return process.kill(Number(processId), 0)
  } catch (error) {
    // EPERM: it lives, and belongs to another user.
    return systemErrorCode(error) !== 'ESRCH'
  }
}
