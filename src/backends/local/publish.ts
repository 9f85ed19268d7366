import { sep } from 'node:path'
import type { Ingested, StoreFs } from '../../io/store-fs.js'
import { systemErrorCode } from '../../io/system-error.js'
import type { Sources } from '../../util/sources.js'
import type { StoreMark } from './assert-present.js'
import { blobFolders, type BlobFolders } from './blob-folders.js'
import { renameIfThere } from './if-there.js'

/** What a local blob store is made from. */
export interface LocalBlobStoreOptions extends StoreMark {
  sources: Sources
  /** Whether bytes survive a power cut when `put` returns. */
  durable: boolean
  /** `<hash of the host>-<process id>`: the beginning of the names of temporary files, which tells whose they are. */
  writerTag: string
}

/** What became of a blob that was given its name. */
export interface Published {
  existed: boolean
  /** Whether another writer stored it, perhaps without making it durable. */
  foreign: boolean
}

/** The blobs that one call has published so far. */
export interface Publication {
  /** By their sha256 hex. */
  published: Map<string, Published>
  /** Gives a file the name of its digest, once for each digest. The file keeps its own name, too, at most. */
  publish: (file: string, blob: Pick<Ingested, 'sha256' | 'sizeBytes'>) => Promise<Published>
  /** Makes the names that were given durable, and the contents that another writer stored. */
  harden: () => Promise<void>
}

/** Begins the publication of the blobs of one call. */
export function createPublication(store: LocalBlobStoreOptions): Publication {
  const { fs } = store
  const folders = blobFolders(store.root)
  const published = new Map<string, Published>()
  return {
    published,
    async publish(file, blob) {
      const known = published.get(blob.sha256)
      if (known !== undefined) return known
      const result = await publishNew(file, blob, folders, store)
      published.set(blob.sha256, result)
      return result
    },
    async harden() {
      const foreign = [...published].filter(([, result]) => result.foreign)
      if (foreign.length > 0) await fs.syncFiles(foreign.map(([hex]) => folders.blobs + sep + hex))
      // Also when all existed: their names may be as new as another writer's last step.
      await fs.syncFolder(folders.blobs)
    }
  }
}

/**
 * Gives a file the name of its digest, or keeps what has it already. A loop, for between looking and doing, garbage collection may
 * take the blob away, and another writer may put it there.
 */
async function publishNew(
  file: string,
  blob: Pick<Ingested, 'sha256' | 'sizeBytes'>,
  folders: BlobFolders,
  store: LocalBlobStoreOptions
): Promise<Published> {
  const { fs, sources } = store
  const target = folders.blobs + sep + blob.sha256
  let existed = false
  for (;;) {
    // Before looking whether it is there: most blobs are new.
    if (await linkOrRename(file, target, fs)) return { existed, foreign: false }
    const found = await fs.stat(target)
    if (found === undefined) continue
    if (found.isFile && found.sizeBytes === blob.sizeBytes) {
      existed = true
      const kept = await keep(file, target, store)
      if (kept !== undefined) return { existed, foreign: kept === 'touched' }
    } else {
      // Damaged. A link replaces nothing, so the damaged one goes aside first; not under the name that restores it.
      await renameIfThere(target, `${folders.trash}${sep}${sources.now()}.${blob.sha256}.damaged`, fs)
    }
  }
}

/**
 * Keeps a blob from garbage collection by setting its time to now; `undefined` when it is gone. Collection looks at the time
 * again after it has moved a blob to the trash, and puts it back if it is new. Looking again here closes the other half: when
 * the time was set after that, the blob is gone from its place by now.
 */
async function keep(file: string, target: string, { fs, sources }: LocalBlobStoreOptions): Promise<'touched' | 'replaced' | undefined> {
  try {
    await fs.touch(target, sources.now())
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT') return undefined
    if (code !== 'EPERM' && code !== 'EACCES') throw error
    // The blob belongs to another user, whose files only their owner may touch: ours, with the same bytes, takes its place.
    await fs.rename(file, target)
    return 'replaced'
  }
  return fs.exists(target) ? 'touched' : undefined
}

const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/** Whether the name was free. Where there are no hard links the file is renamed, at worst over the same bytes. */
async function linkOrRename(file: string, target: string, fs: StoreFs): Promise<boolean> {
  try {
    await fs.link(file, target)
    return true
  } catch (error) {
    const code = systemErrorCode(error) ?? ''
    if (code === 'EEXIST') return false
    if (!NO_LINKS.has(code)) throw error
    if (fs.exists(target)) return false
    await fs.rename(file, target)
    return true
  }
}
