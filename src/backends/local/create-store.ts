import { dirname, join } from 'node:path'
import { StemmaError } from '../../errors/stemma-error.js'
import type { StoreFs } from '../../io/store-fs.js'
import { systemErrorCode } from '../../io/system-error.js'
import { DEFAULT_POLICY, type Policy } from '../../schemas/policy.js'
import { newId } from '../../util/new-id.js'
import type { Sources } from '../../util/sources.js'
import { blobFolders, makeBlobFolders } from './blob-folders.js'
import { createSlotFiles, type Publish } from './slot-files.js'
import { encodeStoreFile, STORE_FORMAT } from './store-file.js'

/** What a new store is made from. */
export interface NewStore {
  root: string
  fs: StoreFs
  sources: Sources
  durable: boolean
  policy: Policy | undefined
  writerTag: string
}

const STORE_FILE = 'store.json'
/** The slot of the one `store.json` where slots are folders. */
const CREATED = 'created'

/** What the operating systems say of what a file system does not have. */
const CANNOT: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'EMLINK'])

/** What a creation that was cut off, or that runs elsewhere at the same time, may have left already. */
const OWN_NAMES: ReadonlySet<string> = new Set(['.gitignore', 'blobs', CREATED, 'models', 'tmp', 'trash', 'uploads'])

/**
 * Makes a folder a store. Any number of processes may do so at the same time, and be cut off: `store.json` is published last, whole
 * and once, and whoever comes later finds that one.
 *
 * @throws {StemmaError} STORE_INVALID when other things lie in the folder, which is then left as it is; UNSUPPORTED when the file
 * system has no way to publish.
 */
export async function createStore(store: NewStore): Promise<void> {
  const { root, fs, durable } = store
  await assertEmpty(store)
  await fs.makeFolder(root, { mode: 0o777, sync: durable })
  await makeBlobFolders(root, fs, durable)
  await fs.makeFolder(join(root, 'models'), { mode: 0o777, sync: durable })
  await ignoreInGit(store)
  // The folders may be another process's, whose names nobody has made durable yet.
  if (durable) for (const folder of [dirname(blobFolders(root).blobs), root, dirname(root)]) await fs.syncFolder(folder)
  await publishStoreFile(store, await probePublish(store))
}

/** @throws {StemmaError} STORE_INVALID when there are other things in the folder, or a store without its `store.json`. */
export async function assertEmpty({ root, fs }: Pick<NewStore, 'root' | 'fs'>): Promise<void> {
  const names = await fs.list(root)
  const foreign = names.filter((name) => !OWN_NAMES.has(name))
  const models = names.includes('models') ? await fs.list(join(root, 'models')) : []
  // Somebody else may have finished in between.
  if ((foreign.length === 0 && models.length === 0) || fs.exists(join(root, 'store.json'))) return
  const found = foreign.length > 0 ? `holds other things (${foreign.slice(0, 3).join(', ')})` : 'holds models, but its store.json is gone'
  throw new StemmaError('STORE_INVALID', `${root} is not a stemma store: it ${found}`, {
    hint: foreign.length > 0 ? 'Name an empty or a new folder.' : 'Restore store.json from a backup.',
    details: { root, found: foreign.slice(0, 100) }
  })
}

/** Weights are not for git: nothing in the store is ever added by accident. */
async function ignoreInGit({ root, fs, durable }: NewStore): Promise<void> {
  try {
    await fs.writeNew(join(root, '.gitignore'), Buffer.from('*\n'), { mode: 0o644, sync: durable })
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error
  }
}

/** Which of the two ways to publish the file system has, found out by trying: in that order, since links need no folder for each event. */
async function probePublish({ root, fs, sources, writerTag }: NewStore): Promise<Publish> {
  let linkFailure: unknown
  for (const way of ['link', 'rename'] as const) {
    const files = createSlotFiles(way, fs)
    const slot = join(root, 'tmp', `${writerTag}-${newId(sources)}`)
    const others = [`${slot}.a`, `${slot}.b`] as const
    try {
      for (const other of others) await files.write(other, Buffer.from(other), false)
      const first = await files.publish(others[0], slot)
      const second = await files.publish(others[1], slot)
      const kept = await fs.readFile(files.fileOf(slot))
      if (first && !second && kept !== undefined && Buffer.from(kept).toString() === others[0]) return way
    } catch (error) {
      const code = systemErrorCode(error)
      if (code === undefined || !CANNOT.has(code)) throw error
      linkFailure ??= error
    } finally {
      for (const path of [slot, ...others]) await files.discard(path).catch(() => undefined)
    }
  }
  const code = systemErrorCode(linkFailure)
  throw new StemmaError('UNSUPPORTED', `the file system of ${root} has no hard links${code === undefined ? '' : ` (${code})`}, and its renames do not keep what is there: a store relies on one of them`, {
    hint: 'Put the store on another file system (ext4, XFS, Btrfs, APFS, NTFS, NFS), or serve one from there over HTTP.',
    details: { root, systemCode: code },
    cause: linkFailure
  })
}

async function publishStoreFile({ root, fs, sources, durable, policy, writerTag }: NewStore, publish: Publish): Promise<void> {
  const createdAt = new Date(sources.now()).toISOString()
  const file = { format: STORE_FORMAT, id: newId(sources), createdAt, publish, policy: policy ?? DEFAULT_POLICY } as const
  const files = createSlotFiles(publish, fs)
  const temporary = join(root, 'tmp', `${writerTag}-${newId(sources)}`)
  const target = join(root, STORE_FILE)
  const slot = publish === 'link' ? target : join(root, CREATED)
  try {
    await files.write(temporary, encodeStoreFile(file), durable)
    await files.publish(temporary, slot)
  } finally {
    await files.discard(temporary).catch(() => undefined)
  }
  if (durable) await fs.syncFolder(root)
  if (publish === 'link') return
  // The folder is the slot, of which there is one; the file that readers look for is a copy of it, the same whoever makes it.
  await fs.writeNew(temporary, (await fs.readFile(files.fileOf(slot))) ?? new Uint8Array(), { mode: 0o444, sync: durable })
  // Not over that of a process which could make links, for it has committed by them since.
  if (fs.exists(target)) await fs.unlink(temporary)
  else await fs.rename(temporary, target)
  if (durable) await fs.syncFolder(root)
}
