import { createHash } from 'node:crypto'
import { isStemmaError, StemmaError } from '../../errors/stemma-error.js'
import type { StoreFs } from '../../io/store-fs.js'
import type { Digest } from '../../schemas/digest.js'
import { mapLimited } from '../../util/map-limited.js'
import { sha256Hex } from '../../util/sha256.js'
import type { CallOptions } from '../../util/options.js'
import type { BlobInfo, BlobStore } from '../journal/blob-store.js'
import { readFile } from './artifact-folder.js'
import type { MlflowClient } from './client.js'
import type { Journal } from './journal.js'
import type { Places } from './places.js'
import type { Spool } from './spool.js'

const CONCURRENT_HASHES = 4

/** What {@link createMlflowBlobStore} works with. */
export interface MlflowBlobs {
  readonly client: MlflowClient
  readonly fs: StoreFs
  readonly spool: Spool
  readonly places: Places
  readonly journal: Journal
}

/** Blobs as files of the versions that have them; those of versions that are not registered yet wait on this machine. */
export function createMlflowBlobStore(store: MlflowBlobs): BlobStore {
  const { fs, spool, places } = store
  const isStored = (digest: Digest): boolean => places.has(digest)
  const info = (digest: Digest): BlobInfo | undefined => {
    const spooled = spool.get(digest)
    return spooled || isStored(digest) ? { digest, sizeBytes: spooled?.sizeBytes ?? 0, touchedAtMs: 0 } : undefined
  }

  async function* open(digest: Digest, options: CallOptions & { start?: number | undefined }): AsyncGenerator<Uint8Array> {
    const spooled = spool.get(digest)
    if (spooled) {
      yield* fs.openRead(spooled.path, options)
      return
    }
    const inline = places.manifest(digest)
    if (inline !== undefined) {
      yield Buffer.from(inline).subarray(options.start ?? 0)
      return
    }
    if (!isStored(digest)) await store.journal.asOfNow(() => store.journal.refresh(options))
    for await (const { path, sizeBytes } of places.find(digest, options)) {
      let isBegun = false
      try {
        for await (const chunk of readFile(store.client, path, { ...options, sizeBytes })) {
          isBegun = true
          yield chunk
        }
        return
      } catch (error) {
        if (isBegun || !isStemmaError(error, 'BLOB_MISSING')) throw error
      }
    }
    throw new StemmaError('BLOB_MISSING', `${digest} is not stored in ${store.client.baseUrl}`, {
      hint: 'Its file was removed from the MLflow server, or belongs to no version of this registry. Log the same artifact again.',
      details: { digest }
    })
  }

  const hashOne = async (digest: Digest, options: CallOptions): Promise<Digest | undefined> => {
    const hash = createHash('sha256')
    try {
      for await (const chunk of open(digest, options)) hash.update(chunk)
    } catch (error) {
      if (isStemmaError(error, 'BLOB_MISSING')) return undefined
      throw error
    }
    return `sha256:${hash.digest('hex')}`
  }

  return {
    fileName: (digest) => digest,
    put: (sources, options) => spool.put(sources, isStored, options),
    stat: (digest) => Promise.resolve(info(digest)),
    missing: (digests) => Promise.resolve(digests.filter((digest) => !info(digest))),
    async keep(digests, options) {
      options.signal?.throwIfAborted()
      if (digests.some((digest) => !info(digest))) await store.journal.refresh(options)
      return digests.map((digest) => info(digest) !== undefined)
    },
    open,
    async read(digest, maxBytes, options) {
      options.signal?.throwIfAborted()
      const chunks: Uint8Array[] = []
      let sizeBytes = 0
      for await (const chunk of open(digest, options)) {
        sizeBytes += chunk.byteLength
        if (sizeBytes > maxBytes) {
          throw new StemmaError('TOO_LARGE', `${digest} has more than the ${maxBytes} bytes that were expected`, { details: { digest, limit: maxBytes } })
        }
        chunks.push(chunk)
      }
      const bytes = Buffer.concat(chunks)
      const found = `sha256:${sha256Hex(bytes)}`
      if (found === digest) return bytes
      throw new StemmaError('DIGEST_MISMATCH', `${digest} is damaged: its ${sizeBytes} bytes hash to ${found}`, {
        hint: 'Somebody changed the file on the MLflow server, which lets anybody do that. Log the same artifact again.',
        details: { expected: digest, found }
      })
    },
    hash: (digests, options) => mapLimited(digests, CONCURRENT_HASHES, (digest) => hashOne(digest, options)),
    localPath: () => undefined,
    async list(options) {
      await store.journal.refresh(options)
      const known = new Set([...(await places.all(options)).keys(), ...spool.digests()])
      return { blobs: [...known].flatMap((digest) => info(digest) ?? []), foreign: [] }
    },
    trash: {
      discard: () => Promise.resolve(false),
      list: () => Promise.resolve([]),
      holds: () => Promise.resolve([]),
      restore: () => Promise.resolve(),
      remove: () => Promise.resolve(),
      sweepTemporary: () => Promise.resolve([])
    }
  }
}
