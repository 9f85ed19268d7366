import { join } from 'node:path'
import type { ByteSource } from '../../io/byte-source.js'
import { timeSlices } from '../../io/event-loop.js'
import type { CopiedSource, Ingested } from '../../io/store-fs.js'
import { newId } from '../../util/new-id.js'
import type { Progress, TransferOptions } from '../../util/options.js'
import type { StoredBlob } from '../backend.js'
import { failureOf } from './assert-present.js'
import { blobFolders, BLOBS } from './blob-folders.js'
import { unlinkIfThere } from './if-there.js'
import { createPublication, type LocalBlobStoreOptions, type Publication } from './publish.js'
import { assertOwned, putOwned, type OwnedFile } from './put-owned.js'

/**
 * Stores sources, in these steps: write and hash temporary files, make their content durable, give each the name of its digest,
 * remove the temporary names, make the new names durable. An abort counts until the first name is given.
 *
 * @throws {StemmaError} SOURCE_CHANGED, SOURCE_UNREADABLE, SOURCE_UNSUPPORTED, DIGEST_MISMATCH, NO_SPACE, READ_ONLY, ACCESS_DENIED, IO,
 * REGISTRY_UNAVAILABLE.
 */
export async function putBlobs(sources: readonly ByteSource[], options: TransferOptions, store: LocalBlobStoreOptions): Promise<StoredBlob[]> {
  if (sources.length === 0) return []
  const copies: CopiedSource[] = []
  const owned: OwnedFile[] = []
  for (const source of sources) {
    if (source.kind === 'owned-file') owned.push(source)
    else copies.push(source)
  }
  const publication = createPublication(store)
  const batch = join(blobFolders(store.root).temporary, `${store.writerTag}-${newId(store.sources)}`)
  let serial = 0
  const newTemporary = (): string => `${batch}.${serial++}`
  const transfer = withOwned(options, owned)
  try {
    await assertOwned(owned, store)
    const copied = await putCopies(copies, newTemporary, publication, transfer, store)
    const given = owned.length === 0 ? [] : await putOwned(owned, newTemporary, publication, options, store)
    reportOwned(options, copied, owned)
    return owned.length === 0 ? copied : inOrder(sources, copied, given)
  } catch (error) {
    const what = sources.length === 1 ? (sources[0]?.label ?? '') : `${sources.length} files`
    throw await failureOf(error, `cannot store ${what}`, store, BLOBS)
  }
}

/** Each of the two lists is in the order that its sources have among all. */
function inOrder(sources: readonly ByteSource[], copied: readonly StoredBlob[], given: readonly StoredBlob[]): StoredBlob[] {
  const [nextCopied, nextGiven] = [copied.values(), given.values()]
  return sources.flatMap(({ kind }) => {
    const next = (kind === 'owned-file' ? nextGiven : nextCopied).next()
    return next.done === true ? [] : [next.value]
  })
}

async function putCopies(
  copies: readonly CopiedSource[],
  newTemporary: () => string,
  publication: Publication,
  options: TransferOptions,
  store: LocalBlobStoreOptions
): Promise<StoredBlob[]> {
  if (copies.length === 0) return []
  const { fs, durable } = store
  const items = copies.map((source) => ({ source, target: newTemporary() }))
  // Without a sync to wait for, names are given while other sources are still copied.
  const moveTo = durable ? undefined : blobFolders(store.root).blobs
  const ingested = await fs.ingest(items, { ...options, sync: durable, mode: 0o444, moveTo })
  // Those first: another of the same bytes, which found the name taken, was not there before this call.
  for (const { isMoved, sha256 } of ingested) if (isMoved) publication.published.set(sha256, { existed: false, foreign: false })
  const stored = await publishAll(ingested, items, publication, store)
  if (durable) await publication.harden()
  return stored
}

async function publishAll(
  ingested: readonly Ingested[],
  items: readonly { target: string }[],
  publication: Publication,
  store: LocalBlobStoreOptions
): Promise<StoredBlob[]> {
  const pause = timeSlices(store.sources)
  const stored: StoredBlob[] = []
  try {
    for (const [index, blob] of ingested.entries()) {
      let existed = false
      if (!blob.isMoved) {
        const target = items[index]?.target ?? ''
        existed = (await publication.publish(target, blob)).existed
        await unlinkIfThere(target, store.fs)
        await pause()
      }
      const { sha256, sizeBytes, head } = blob
      stored.push(head === undefined ? { digest: `sha256:${sha256}`, sizeBytes, existed } : { digest: `sha256:${sha256}`, sizeBytes, existed, head })
    }
    return stored
  } catch (error) {
    for (const { target } of items) await unlinkIfThere(target, store.fs).catch(() => undefined)
    throw error
  }
}

/** Counts what is given away among the bytes to be done. */
function withOwned(options: TransferOptions, owned: readonly OwnedFile[]): TransferOptions {
  const { signal, onProgress } = options
  if (onProgress === undefined || owned.length === 0) return options
  const ownedBytes = owned.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const report = (progress: Progress): void => {
    onProgress({ ...progress, totalBytes: progress.totalBytes === undefined ? undefined : progress.totalBytes + ownedBytes })
  }
  return { signal, onProgress: report }
}

function reportOwned({ onProgress }: TransferOptions, copied: readonly StoredBlob[], owned: readonly OwnedFile[]): void {
  const sum = (items: readonly { sizeBytes: number }[]): number => items.reduce((total, { sizeBytes }) => total + sizeBytes, 0)
  let doneBytes = sum(copied)
  const totalBytes = doneBytes + sum(owned)
  for (const { label, sizeBytes } of owned) {
    doneBytes += sizeBytes
    onProgress?.({ phase: 'store', path: label, doneBytes, totalBytes })
  }
}
