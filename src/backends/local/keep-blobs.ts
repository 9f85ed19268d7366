import { sep } from 'node:path'
import { timeSlices } from '../../io/event-loop.js'
import { systemErrorCode, toStemmaError } from '../../io/system-error.js'
import type { Digest } from '../../schemas/digest.js'
import type { CallOptions } from '../../util/options.js'
import { assertPresent } from './assert-present.js'
import { blobFolders, BLOBS, hexOf } from './blob-folders.js'
import type { LocalBlobStoreOptions } from './publish.js'

/**
 * The steps of `BlobStore.keep`. What is there may be another writer's, that has not made it durable yet: whoever registers a version
 * because of this answer counts on it, so it is made durable before the answer is given.
 *
 * @throws {StemmaError} REGISTRY_UNAVAILABLE, ACCESS_DENIED, IO.
 */
export async function keepBlobs(digests: readonly Digest[], { signal }: CallOptions, store: LocalBlobStoreOptions): Promise<boolean[]> {
  const { fs, durable } = store
  const { blobs } = blobFolders(store.root)
  const pause = timeSlices(store.sources)
  const kept: boolean[] = []
  const paths: string[] = []
  try {
    for (const digest of digests) {
      signal?.throwIfAborted()
      const path = blobs + sep + hexOf(digest)
      const isKept = await keepBlob(path, store)
      kept.push(isKept)
      if (isKept) paths.push(path)
      await pause()
    }
    if (paths.length < kept.length) await assertPresent(store, BLOBS)
    if (!durable || paths.length === 0) return kept
    await fs.syncFiles(paths)
    await fs.syncFolder(blobs)
    return kept
  } catch (error) {
    throw toStemmaError(error, `cannot keep ${digests.length} blobs`)
  }
}

/** The same bytes put again would replace a blob of the wrong size; here, where nobody knows its size, it counts as there. */
async function keepBlob(path: string, { fs, sources }: LocalBlobStoreOptions): Promise<boolean> {
  try {
    await fs.touch(path, sources.now())
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT') return false
    // Another user's blob, or a read-only store: it is there, and its own age has to do. Who registers a version is told if it goes.
    if (code !== 'EPERM' && code !== 'EACCES' && code !== 'EROFS') throw error
  }
  // Collection may have taken it away between its look at the time and the touch.
  return (await fs.stat(path))?.isFile === true
}
