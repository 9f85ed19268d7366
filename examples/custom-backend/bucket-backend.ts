// A registry in a bucket: the two stores that the journal engine asks for, over conditional writes. The rules are the engine's.
import { createHash } from 'node:crypto'
import { unlink } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { StemmaError, type Digest } from 'stemma'
import { createJournalBackend, readSource, type Backend, type BlobInfo, type BlobStore, type LogStore } from 'stemma/backends'
import type { Bucket, BucketObject } from './bucket.js'

/** Options of {@link openBucketBackend}. */
export interface BucketBackendOptions {
  /** What the registry is called in messages: no credentials in it. */
  location: string
  /** How often a watcher looks, milliseconds. */
  pollMs: number
}

/** The backend: `createRegistry(openBucketBackend(bucket, …))` has the verbs. */
export function openBucketBackend(bucket: Bucket, { location, pollMs }: BucketBackendOptions): Backend {
  return createJournalBackend({
    location,
    log: createBucketLog(bucket, pollMs),
    blobs: createBucketBlobs(bucket),
    // What an object store has acknowledged, it keeps.
    capabilities: { durable: true, localFiles: false }
  })
}

function createBucketLog(bucket: Bucket, pollMs: number): LogStore {
  const folder = (model: string): string => `models/${encodeURIComponent(model)}`
  const keyOf = (model: string, slot: number | 'snapshot'): string =>
    slot === 'snapshot' ? `${folder(model)}/snapshot.json` : `${folder(model)}/log/${String(slot).padStart(20, '0')}.json`
  return {
    fileName: keyOf,
    async models({ signal }) {
      signal?.throwIfAborted()
      const first = /^models\/([^/]+)\/log\/0{20}\.json$/
      return (await bucket.list('models/')).flatMap(({ key }) => decodeURIComponent(first.exec(key)?.[1] ?? '') || [])
    },
    async read(model, n, { signal }) {
      signal?.throwIfAborted()
      return bucket.get(keyOf(model, n))
    },
    has: async (model, n) => (await bucket.head(keyOf(model, n))) !== undefined,
    // A bucket that is gone rejects by itself; a folder that was unmounted would look empty.
    assertPresent: () => Promise.resolve(),
    async slots(model, { signal }) {
      signal?.throwIfAborted()
      const prefix = `${folder(model)}/log/`
      const keys = (await bucket.list(prefix)).map(({ key }) => key)
      const isSlot = (key: string): boolean => /^\d{20}\.json$/.test(key.slice(prefix.length))
      return {
        numbers: keys.filter(isSlot).map((key) => Number(key.slice(prefix.length, -'.json'.length))),
        foreign: keys.filter((key) => !isSlot(key))
      }
    },
    async create(model, n, bytes) {
      try {
        return { outcome: (await bucket.putIfAbsent(keyOf(model, n), bytes)) ? 'created' : 'exists' }
      } catch (cause) {
        // The request may have arrived, though its reply did not: the engine reads the slot and knows.
        return { outcome: 'uncertain', cause }
      }
    },
    harden: () => Promise.resolve({ outcome: 'durable' }),
    readSnapshot: (model) => bucket.get(keyOf(model, 'snapshot')),
    writeSnapshot: (model, bytes) => bucket.put(keyOf(model, 'snapshot'), bytes).catch(() => undefined),
    async waitForChange(_model, { signal }) {
      await setTimeout(pollMs, undefined, { signal }).catch((error: unknown) => {
        signal?.throwIfAborted()
        throw error
      })
    }
  }
}

function createBucketBlobs(bucket: Bucket): BlobStore {
  const keyOf = (digest: Digest): string => `blobs/${digest.slice('sha256:'.length)}`
  const trashKeyOf = (digest: Digest): string => `trash/${digest.slice('sha256:'.length)}`
  /** An object that was copied onto itself is new, and so kept from garbage collection. */
  const touch = (digest: Digest): Promise<boolean> => bucket.copy(keyOf(digest), keyOf(digest))
  const missing = (digest: Digest): StemmaError =>
    new StemmaError('BLOB_MISSING', `${digest} is not in the bucket`, { hint: 'Store the bytes first.', details: { digest } })

  return {
    fileName: keyOf,
    async put(sources, { signal, onProgress }) {
      const stored = []
      let doneBytes = 0
      for (const source of sources) {
        // Whole in memory, since its name is its digest. For large models: upload to tmp/, hash on the way, copy to its name.
        const bytes = await readSource(source, signal)
        const digest = digestOf(bytes)
        if (source.kind === 'owned-file' && source.digest !== digest) {
          throw new StemmaError('DIGEST_MISMATCH', `${source.label}: wanted ${source.digest}, found ${digest}`, { hint: 'Send it again.' })
        }
        signal?.throwIfAborted()
        const isNew = await bucket.putIfAbsent(keyOf(digest), bytes)
        if (!isNew) await touch(digest)
        if (source.kind === 'owned-file') await unlink(source.path)
        stored.push({ digest, sizeBytes: bytes.byteLength, existed: !isNew })
        doneBytes += bytes.byteLength
        onProgress?.({ phase: 'store', path: source.label, doneBytes })
      }
      return stored
    },
    stat: async (digest) => infoOf(await bucket.head(keyOf(digest))),
    async missing(digests) {
      const found = await Promise.all(digests.map((digest) => bucket.head(keyOf(digest))))
      return digests.filter((_, index) => found[index] === undefined)
    },
    async keep(digests, { signal }) {
      signal?.throwIfAborted()
      return Promise.all(digests.map(touch))
    },
    async *open(digest, { start = 0, signal }) {
      signal?.throwIfAborted()
      const bytes = await bucket.get(keyOf(digest), start)
      if (!bytes) throw missing(digest)
      yield bytes
    },
    async read(digest, maxBytes, { signal }) {
      signal?.throwIfAborted()
      const sizeBytes = (await bucket.head(keyOf(digest)))?.sizeBytes ?? 0
      if (sizeBytes > maxBytes) throw new StemmaError('TOO_LARGE', `${digest} has ${sizeBytes} bytes, wanted at most ${maxBytes}`)
      const bytes = await bucket.get(keyOf(digest))
      if (!bytes) throw missing(digest)
      if (digestOf(bytes) !== digest) throw new StemmaError('DIGEST_MISMATCH', `${keyOf(digest)} is damaged: its bytes are ${digestOf(bytes)}`)
      return bytes
    },
    async hash(digests, { signal }) {
      const found: (Digest | undefined)[] = []
      for (const digest of digests) {
        signal?.throwIfAborted()
        const bytes = await bucket.get(keyOf(digest))
        found.push(bytes && digestOf(bytes))
      }
      return found
    },
    localPath: () => undefined,
    async list() {
      return { blobs: (await bucket.list('blobs/')).flatMap((object) => infoOf(object) ?? []), foreign: [] }
    },
    trash: {
      async discard(digest, touchedBeforeMs) {
        const object = await bucket.head(keyOf(digest))
        if (!object || object.modifiedAtMs >= touchedBeforeMs) return false
        await bucket.copy(keyOf(digest), trashKeyOf(digest))
        await bucket.remove(keyOf(digest))
        return true
      },
      async list() {
        return (await bucket.list('trash/')).flatMap((object) => {
          const info = infoOf(object)
          return info ? [{ ...info, discardedAtMs: object.modifiedAtMs }] : []
        })
      },
      async holds(digests) {
        const found = await Promise.all(digests.map((digest) => bucket.head(trashKeyOf(digest))))
        return digests.filter((_, index) => found[index] !== undefined)
      },
      async restore(digest) {
        if (await bucket.copy(trashKeyOf(digest), keyOf(digest))) await bucket.remove(trashKeyOf(digest))
      },
      remove: (digest) => bucket.remove(trashKeyOf(digest)),
      // Nothing temporary is ever written.
      sweepTemporary: () => Promise.resolve([])
    }
  }
}

/** `blobs/<hex>` and `trash/<hex>`. */
function infoOf(object: BucketObject | undefined): BlobInfo | undefined {
  return object && { digest: `sha256:${object.key.slice(object.key.indexOf('/') + 1)}`, sizeBytes: object.sizeBytes, touchedAtMs: object.modifiedAtMs }
}

function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
