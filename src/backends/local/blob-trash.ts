import { join } from 'node:path'
import { timeSlices } from '../../io/event-loop.js'
import { systemErrorCode, toStemmaError } from '../../io/system-error.js'
import type { Digest } from '../../schemas/digest.js'
import type { CallOptions } from '../../util/options.js'
import type { BlobInfo, BlobTrash } from '../journal/blob-store.js'
import { blobFolders, digestOf, hexOf } from './blob-folders.js'
import { renameIfThere, unlinkIfThere } from './if-there.js'
import type { LocalBlobStoreOptions } from './publish.js'
import { sweepTemporary } from './sweep-temporary.js'

interface TrashEntry {
  path: string
  digest: Digest
  discardedAtMs: number
}

/**
 * The trash of a local store: files `trash/<milliseconds since 1970>.<64 hex>`, moved there and back by a rename or a link, so
 * that their bytes are never absent. Damaged blobs that were replaced lie there too, named `….damaged`: they are never restored.
 */
export function createLocalBlobTrash(store: LocalBlobStoreOptions): BlobTrash {
  return {
    discard: (digest, touchedBeforeMs) => reporting(`cannot discard ${digest}`, () => discard(digest, touchedBeforeMs, store)),
    list: (options) => reporting('cannot list the trash', () => list(options, store)),
    holds: (digests) => reporting('cannot list the trash', () => holds(digests, store)),
    restore: (digest) => reporting(`cannot restore ${digest}`, () => restore(digest, store)),
    remove: (digest) => reporting(`cannot remove ${digest}`, () => remove(digest, store)),
    sweepTemporary: (olderThanMs, dryRun) =>
      reporting('cannot remove temporary files', () => sweepTemporary(olderThanMs, dryRun, store))
  }
}

async function reporting<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toStemmaError(error, what)
  }
}

/**
 * The time is looked at before the rename and after it: a writer that found the blob in between has set it to now, and counts
 * on the blob, so it gets it back.
 */
async function discard(digest: Digest, touchedBeforeMs: number, store: LocalBlobStoreOptions): Promise<boolean> {
  const { fs, sources } = store
  const { blobs, trash } = blobFolders(store.root)
  const blob = join(blobs, hexOf(digest))
  const before = await fs.stat(blob)
  if (before === undefined || before.mtimeMs >= touchedBeforeMs) return false
  const discarded = join(trash, `${sources.now()}.${hexOf(digest)}`)
  if (!(await renameIfThere(blob, discarded, fs))) return false
  const after = await fs.stat(discarded)
  if (after === undefined || after.mtimeMs < touchedBeforeMs) return true
  await putBack(discarded, digest, store)
  return false
}

async function list(options: CallOptions, store: LocalBlobStoreOptions): Promise<(BlobInfo & { discardedAtMs: number })[]> {
  const pause = timeSlices(store.sources)
  const found: (BlobInfo & { discardedAtMs: number })[] = []
  for (const { path, digest, discardedAtMs } of await entries(store)) {
    options.signal?.throwIfAborted()
    const stat = await store.fs.stat(path)
    if (stat?.isFile === true) found.push({ digest, sizeBytes: stat.sizeBytes, touchedAtMs: stat.mtimeMs, discardedAtMs })
    await pause()
  }
  return found
}

async function holds(digests: readonly Digest[], store: LocalBlobStoreOptions): Promise<Digest[]> {
  const discarded = new Set((await entries(store)).map(({ digest }) => digest))
  return discarded.size === 0 ? [] : digests.filter((digest) => discarded.has(digest))
}

async function restore(digest: Digest, store: LocalBlobStoreOptions): Promise<void> {
  const newest = (await entriesOf(digest, store)).at(-1)
  if (newest !== undefined) await putBack(newest.path, digest, store)
}

/** The oldest only: one that was discarded again since has its own waiting time. */
async function remove(digest: Digest, store: LocalBlobStoreOptions): Promise<void> {
  const oldest = (await entriesOf(digest, store)).at(0)
  if (oldest !== undefined) await unlinkIfThere(oldest.path, store.fs)
}

/** By a link, which leaves alone what another writer stored there meanwhile. */
async function putBack(discarded: string, digest: Digest, store: LocalBlobStoreOptions): Promise<void> {
  const { blobs } = blobFolders(store.root)
  try {
    await store.fs.link(discarded, join(blobs, hexOf(digest)))
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'ENOSYS') {
      await store.fs.rename(discarded, join(blobs, hexOf(digest)))
    } else if (code !== 'EEXIST') {
      throw error
    }
  }
  // Before its other name goes: a power cut must find it under one of them.
  if (store.durable) await store.fs.syncFolder(blobs)
  await unlinkIfThere(discarded, store.fs)
}

async function entriesOf(digest: Digest, store: LocalBlobStoreOptions): Promise<TrashEntry[]> {
  const all = await entries(store)
  return all.filter((entry) => entry.digest === digest).sort((a, b) => a.discardedAtMs - b.discardedAtMs)
}

async function entries(store: LocalBlobStoreOptions): Promise<TrashEntry[]> {
  const { trash } = blobFolders(store.root)
  const found: TrashEntry[] = []
  for (const name of await store.fs.list(trash)) {
    const [, time, hex = ''] = /^(\d{1,16})\.([0-9a-f]{64})$/.exec(name) ?? []
    const digest = digestOf(hex)
    if (digest !== undefined) found.push({ path: join(trash, name), digest, discardedAtMs: Number(time) })
  }
  return found
}
