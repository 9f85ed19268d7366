import { join } from 'node:path'
import { v7 as uuidv7 } from 'uuid'
import { StemmaError } from '../../errors/stemma-error.js'
import type { ByteSource } from '../../io/byte-source.js'
import { timeSlices } from '../../io/event-loop.js'
import type { Ingested, StoreFs } from '../../io/store-fs.js'
import { systemErrorCode } from '../../io/system-error.js'
import type { TransferOptions } from '../../util/options.js'
import type { Sources } from '../../util/sources.js'
import type { StoredBlob } from '../backend.js'
import { failureOf, type StoreMark } from './assert-present.js'
import { blobFolders, BLOBS, hexOf } from './blob-folders.js'
import { renameIfThere, unlinkIfThere } from './if-there.js'

/** What a local blob store is made from. */
export interface LocalBlobStoreOptions extends StoreMark {
  sources: Sources
  /** Whether bytes survive a power cut when `put` returns. */
  durable: boolean
  /** `<hash of the host>-<process id>`: the beginning of the names of temporary files, which tells whose they are. */
  writerTag: string
}

interface Published {
  existed: boolean
  /** Whether another writer stored it, perhaps without making it durable. */
  foreign: boolean
}

/**
 * Stores sources, in these steps: write and hash temporary files, make their content durable, give each the name of its digest,
 * remove the temporary names, make the new names durable. An abort counts until the first name is given.
 *
 * @throws {StemmaError} SOURCE_CHANGED, SOURCE_UNREADABLE, SOURCE_UNSUPPORTED, NO_SPACE, READ_ONLY, ACCESS_DENIED, IO,
 * REGISTRY_UNAVAILABLE.
 */
export async function putBlobs(sources: readonly ByteSource[], options: TransferOptions, store: LocalBlobStoreOptions): Promise<StoredBlob[]> {
  if (sources.length === 0) return []
  const batch = join(blobFolders(store.root).temporary, `${store.writerTag}-${newId(store.sources)}`)
  const targets = sources.map((source, index) => (source.kind === 'owned-file' ? source.path : `${batch}.${index}`))
  const owned = sources.flatMap((source, index) => (source.kind === 'owned-file' ? [{ index, source }] : []))
  const copies = sources.flatMap((source, index) => (source.kind === 'owned-file' ? [] : [{ index, source, target: `${batch}.${index}` }]))
  const stored = new Map<number, StoredBlob>()
  const published = new Map<string, Published>()
  const publishItem = async (index: number, blob: Ingested): Promise<void> => {
    if (!stored.has(index)) stored.set(index, await publishOnce(targets[index] ?? '', blob, published, store))
  }
  const publishCopy = (at: number, blob: Ingested): Promise<void> => publishItem(copies[at]?.index ?? 0, blob)
  try {
    // Without a sync to wait for, names are given while other sources are still copied.
    const ingesting = { ...options, sync: store.durable, mode: 0o444, onStored: store.durable ? undefined : publishCopy }
    const ingested = await store.fs.ingest(copies, ingesting)
    await publishAll(ingested, publishCopy, copies, store)
    await publishOwned(owned, publishItem, store)
    if (store.durable) await harden(published, store)
  } catch (error) {
    const what = sources.length === 1 ? (sources[0]?.label ?? '') : `${sources.length} files`
    throw await failureOf(error, `cannot store ${what}`, store, BLOBS)
  }
  return [...stored].sort(([a], [b]) => a - b).map(([, blob]) => blob)
}

async function publishAll(
  ingested: readonly Ingested[],
  publishItem: (index: number, blob: Ingested) => Promise<void>,
  items: readonly { target: string }[],
  store: LocalBlobStoreOptions
): Promise<void> {
  const pause = timeSlices(store.sources)
  try {
    for (const [index, blob] of ingested.entries()) {
      await publishItem(index, blob)
      await pause()
    }
  } catch (error) {
    for (const { target } of items) await unlinkIfThere(target, store.fs).catch(() => undefined)
    throw error
  }
}

/** Files that were given away need no copy: they get the names of their digests as they are. */
async function publishOwned(
  owned: readonly { index: number; source: Extract<ByteSource, { kind: 'owned-file' }> }[],
  publishItem: (index: number, blob: Ingested) => Promise<void>,
  { fs, durable }: LocalBlobStoreOptions
): Promise<void> {
  for (const { source } of owned) {
    const found = await fs.stat(source.path)
    if (found?.isFile === true && found.sizeBytes === source.sizeBytes) continue
    throw new StemmaError('DIGEST_MISMATCH', `${source.label} is not the file that was given: wanted ${source.sizeBytes} bytes, found ${found?.sizeBytes ?? 'nothing'}`, {
      details: { path: source.label, expectedBytes: source.sizeBytes, foundBytes: found?.sizeBytes }
    })
  }
  if (durable) await fs.syncFiles(owned.map(({ source }) => source.path))
  for (const { index, source } of owned) await publishItem(index, { sha256: hexOf(source.digest), sizeBytes: source.sizeBytes })
}

async function publishOnce(
  temporary: string,
  blob: Ingested,
  published: Map<string, Published>,
  store: LocalBlobStoreOptions
): Promise<StoredBlob> {
  let result = published.get(blob.sha256)
  if (result === undefined) {
    result = await publish(temporary, blob, store)
    published.set(blob.sha256, result)
  }
  await unlinkIfThere(temporary, store.fs)
  return { digest: `sha256:${blob.sha256}`, sizeBytes: blob.sizeBytes, existed: result.existed }
}

async function harden(published: ReadonlyMap<string, Published>, { fs, root }: LocalBlobStoreOptions): Promise<void> {
  const { blobs } = blobFolders(root)
  const foreign = [...published].filter(([, result]) => result.foreign)
  if (foreign.length > 0) await fs.syncFiles(foreign.map(([hex]) => join(blobs, hex)))
  // Also when all existed: their names may be as new as another writer's last step.
  await fs.syncFolder(blobs)
}

/**
 * Gives a temporary file the name of its digest, or keeps what has it already. A loop, for between looking and doing, garbage
 * collection may take the blob away, and another writer may put it there.
 */
async function publish(temporary: string, blob: Ingested, store: LocalBlobStoreOptions): Promise<Published> {
  const { fs, sources } = store
  const folders = blobFolders(store.root)
  const target = join(folders.blobs, blob.sha256)
  let existed = false
  for (;;) {
    // Before looking whether it is there: most blobs are new.
    if (await linkOrRename(temporary, target, fs)) return { existed, foreign: false }
    const found = await fs.stat(target)
    if (found === undefined) continue
    if (found.isFile && found.sizeBytes === blob.sizeBytes) {
      existed = true
      const kept = await keep(temporary, target, store)
      if (kept !== undefined) return { existed, foreign: kept === 'touched' }
    } else {
      // Damaged. A link replaces nothing, so the damaged one goes aside first; not under the name that restores it.
      await renameIfThere(target, join(folders.trash, `${sources.now()}.${blob.sha256}.damaged`), fs)
    }
  }
}

/**
 * Keeps a blob from garbage collection by setting its time to now; `undefined` when it is gone. Collection looks at the time
 * again after it has moved a blob to the trash, and puts it back if it is new. Looking again here closes the other half: when
 * the time was set after that, the blob is gone from its place by now.
 */
async function keep(temporary: string, target: string, { fs, sources }: LocalBlobStoreOptions): Promise<'touched' | 'replaced' | undefined> {
  try {
    await fs.touch(target, sources.now())
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT') return undefined
    if (code !== 'EPERM' && code !== 'EACCES') throw error
    // The blob belongs to another user, whose files only their owner may touch: ours, with the same bytes, takes its place.
    await fs.rename(temporary, target)
    return 'replaced'
  }
  return fs.exists(target) ? 'touched' : undefined
}

const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/** Whether the name was free. Where there are no hard links the file is renamed, at worst over the same bytes. */
async function linkOrRename(temporary: string, target: string, fs: StoreFs): Promise<boolean> {
  try {
    await fs.link(temporary, target)
    return true
  } catch (error) {
    const code = systemErrorCode(error) ?? ''
    if (code === 'EEXIST') return false
    if (!NO_LINKS.has(code)) throw error
    if (fs.exists(target)) return false
    await fs.rename(temporary, target)
    return true
  }
}

function newId(sources: Sources): string {
  return uuidv7({ msecs: sources.now(), random: sources.randomBytes(16) })
}
