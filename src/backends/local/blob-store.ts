import { hash } from 'node:crypto'
import { join, sep } from 'node:path'
import { StemmaError } from '../../errors/stemma-error.js'
import { timeSlices } from '../../io/event-loop.js'
import { systemErrorCode, toStemmaError } from '../../io/system-error.js'
import type { Digest } from '../../schemas/digest.js'
import type { CallOptions } from '../../util/options.js'
import type { BlobInfo, BlobStore } from '../journal/blob-store.js'
import { assertPresent } from './assert-present.js'
import { blobFolders, BLOBS, digestOf, hexOf } from './blob-folders.js'
import { createLocalBlobTrash } from './blob-trash.js'
import { keepBlobs } from './keep-blobs.js'
import type { LocalBlobStoreOptions } from './publish.js'
import { putBlobs } from './put-blobs.js'

/**
 * Blobs as files `blobs/sha256/<64 hex>`, mode 0444, in the folder of a store; the folders must be there, see `makeBlobFolders`.
 * A blob whose size is wrong is replaced when its bytes are put again.
 *
 * Its methods throw REGISTRY_UNAVAILABLE when the store is gone, and NO_SPACE, READ_ONLY, ACCESS_DENIED and IO for what the operating system reports, besides what
 * {@link BlobStore} names.
 */
export function createLocalBlobStore(options: LocalBlobStoreOptions): BlobStore {
  const { blobs } = blobFolders(options.root)
  const pathOf = (digest: Digest): string => blobs + sep + hexOf(digest)
  return {
    fileName: (digest) => `blobs/sha256/${hexOf(digest)}`,
    put: (sources, transfer) => putBlobs(sources, transfer, options),
    stat: async (digest) => {
      try {
        const found = await statBlob(pathOf(digest), digest, options)
        if (found === undefined) await assertPresent(options, BLOBS)
        return found
      } catch (error) {
        throw toStemmaError(error, `cannot look at blob ${digest}`)
      }
    },
    missing: (digests) => missingBlobs(digests, pathOf, options),
    keep: (digests, keeping) => keepBlobs(digests, keeping, options),
    open: (digest, reading) => openBlob(pathOf(digest), digest, reading, options),
    read: (digest, maxBytes, reading) => readBlob(pathOf(digest), digest, maxBytes, reading, options),
    hash: async (digests, transfer) => {
      try {
        const found = await options.fs.hash(digests.map(pathOf), transfer)
        if (found.includes(undefined)) await assertPresent(options, BLOBS)
        return found.map((hex): Digest | undefined => (hex === undefined ? undefined : `sha256:${hex}`))
      } catch (error) {
        throw toStemmaError(error, 'cannot hash blobs')
      }
    },
    localPath: pathOf,
    list: (listing) => listBlobs(blobs, listing, options),
    trash: createLocalBlobTrash(options)
  }
}

async function statBlob(path: string, digest: Digest, { fs }: LocalBlobStoreOptions): Promise<BlobInfo | undefined> {
  const stat = await fs.stat(path)
  return stat?.isFile === true ? { digest, sizeBytes: stat.sizeBytes, touchedAtMs: stat.mtimeMs } : undefined
}

async function missingBlobs(digests: readonly Digest[], pathOf: (digest: Digest) => string, store: LocalBlobStoreOptions): Promise<Digest[]> {
  const pause = timeSlices(store.sources)
  const absent: Digest[] = []
  try {
    for (const digest of digests) {
      const stat = await store.fs.stat(pathOf(digest))
      if (stat?.isFile !== true) absent.push(digest)
      await pause()
    }
  } catch (error) {
    throw toStemmaError(error, `cannot look at ${digests.length} blobs`)
  }
  if (absent.length > 0) await assertPresent(store, BLOBS)
  return absent
}

async function* openBlob(
  path: string,
  digest: Digest,
  options: CallOptions & { start?: number | undefined },
  store: LocalBlobStoreOptions
): AsyncGenerator<Uint8Array> {
  try {
    yield* store.fs.openRead(path, options)
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw toStemmaError(error, `cannot read blob ${digest}`)
    await assertPresent(store, BLOBS)
    throw missing(digest, path)
  }
}

async function readBlob(
  path: string,
  digest: Digest,
  maxBytes: number,
  options: CallOptions,
  store: LocalBlobStoreOptions
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of openBlob(path, digest, options, store)) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > maxBytes) throw tooLarge(digest, path, maxBytes)
    chunks.push(chunk)
  }
  const bytes = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
  const found = `sha256:${hash('sha256', bytes, 'hex')}`
  if (found !== digest) throw damaged(digest, found, path)
  return bytes
}

async function listBlobs(
  folder: string,
  { signal }: CallOptions,
  store: LocalBlobStoreOptions
): Promise<{ blobs: BlobInfo[]; foreign: string[] }> {
  const pause = timeSlices(store.sources)
  const blobs: BlobInfo[] = []
  const foreign: string[] = []
  try {
    for (const name of await store.fs.list(folder)) {
      signal?.throwIfAborted()
      const digest = digestOf(name)
      const stat = await store.fs.stat(join(folder, name))
      if (stat !== undefined && (digest === undefined || !stat.isFile)) foreign.push(`blobs/sha256/${name}`)
      else if (stat !== undefined && digest !== undefined) blobs.push({ digest, sizeBytes: stat.sizeBytes, touchedAtMs: stat.mtimeMs })
      await pause()
    }
  } catch (error) {
    throw toStemmaError(error, 'cannot list blobs', folder)
  }
  if (blobs.length === 0) await assertPresent(store, BLOBS)
  return { blobs, foreign }
}

function missing(digest: Digest, path: string): StemmaError {
  return new StemmaError('BLOB_MISSING', `blob ${digest} is not in the store: nothing at ${path}`, {
    hint: 'Log the version again, or restore the file from a copy of the store.',
    details: { digest, path }
  })
}

function tooLarge(digest: Digest, path: string, maxBytes: number): StemmaError {
  return new StemmaError('TOO_LARGE', `blob ${digest} is larger than the ${maxBytes} bytes that may be read at once`, {
    hint: 'Read it as a stream.',
    details: { digest, path, maxBytes }
  })
}

function damaged(digest: Digest, found: string, path: string): StemmaError {
  return new StemmaError('DIGEST_MISMATCH', `blob ${digest} is damaged: its bytes have the digest ${found}, at ${path}`, {
    hint: 'Restore the file from a copy of the store, or log the version again after removing it.',
    details: { digest, path, expected: digest, found }
  })
}
