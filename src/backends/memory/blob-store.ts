import { unlinkSync } from 'node:fs'
import { StemmaError } from '../../errors/stemma-error.js'
import type { ByteSource } from '../../io/byte-source.js'
import { readSource } from '../../io/read-source.js'
import { systemErrorCode } from '../../io/system-error.js'
import type { Digest } from '../../schemas/digest.js'
import { sha256Hex } from '../../util/sha256.js'
import type { Sources } from '../../util/sources.js'
import type { BlobInfo, BlobStore } from '../journal/blob-store.js'

interface Held {
  bytes: Uint8Array
  touchedAtMs: number
}

const CHUNK_BYTES = 1_048_576

/** Blobs in this process's memory, each held whole. */
export function createMemoryBlobStore({ now }: Pick<Sources, 'now'>): BlobStore {
  const blobs = new Map<Digest, Held>()
  const trash = new Map<Digest, Held & { discardedAtMs: number }>()

  const info = (digest: Digest, { bytes, touchedAtMs }: Held): BlobInfo => ({ digest, sizeBytes: bytes.byteLength, touchedAtMs })

  const hold = (bytes: Uint8Array) => {
    const digest: Digest = `sha256:${sha256Hex(bytes)}`
    const held = blobs.get(digest)
    blobs.set(digest, { bytes: held?.bytes ?? bytes, touchedAtMs: now() })
    return { digest, sizeBytes: bytes.byteLength, existed: held !== undefined }
  }

  const keepOne = (digest: Digest): boolean => {
    const held = blobs.get(digest)
    if (held) blobs.set(digest, { ...held, touchedAtMs: now() })
    return held !== undefined
  }

  return {
    fileName: (digest) => `blobs/sha256/${digest.slice('sha256:'.length)}`,
    async put(sources: readonly ByteSource[], { signal, onProgress }) {
      const stored = []
      let doneBytes = 0
      for (const source of sources) {
        signal?.throwIfAborted()
        const bytes = await readSource(source, signal)
        if (source.kind === 'owned-file') assertGiven(source, bytes)
        const result = hold(bytes)
        if (source.kind === 'owned-file') removeOwned(source.path)
        stored.push(result)
        doneBytes += result.sizeBytes
        onProgress?.({ phase: 'store', path: source.label, doneBytes })
      }
      return stored
    },
    stat(digest) {
      const held = blobs.get(digest)
      return Promise.resolve(held && info(digest, held))
    },
    missing: (digests) => Promise.resolve(digests.filter((digest) => !blobs.has(digest))),
    async keep(digests, { signal }) {
      signal?.throwIfAborted()
      return Promise.resolve(digests.map(keepOne))
    },
    async *open(digest, { start = 0, signal }) {
      const { bytes } = blobs.get(digest) ?? missing(digest)
      for (let at = start; at < bytes.byteLength; at += CHUNK_BYTES) {
        signal?.throwIfAborted()
        // A copy, as every other store gives: what a reader does to it must not reach the blob.
        yield await Promise.resolve(new Uint8Array(bytes.subarray(at, at + CHUNK_BYTES)))
      }
    },
    async read(digest, maxBytes, { signal }) {
      signal?.throwIfAborted()
      const { bytes } = blobs.get(digest) ?? missing(digest)
      if (bytes.byteLength > maxBytes) {
        throw new StemmaError('TOO_LARGE', `${digest} has ${bytes.byteLength} bytes, at most ${maxBytes} were expected`, {
          details: { digest, bytes: bytes.byteLength, limit: maxBytes }
        })
      }
      return Promise.resolve(new Uint8Array(bytes))
    },
    hash: (digests) => Promise.resolve(digests.map((digest) => hashOf(blobs.get(digest)))),
    localPath: () => undefined,
    list: () => Promise.resolve({ blobs: [...blobs].map(([digest, held]) => info(digest, held)), foreign: [] }),
    trash: {
      discard(digest, touchedBeforeMs) {
        const held = blobs.get(digest)
        if (!held || held.touchedAtMs >= touchedBeforeMs) return Promise.resolve(false)
        blobs.delete(digest)
        trash.set(digest, { ...held, discardedAtMs: now() })
        return Promise.resolve(true)
      },
      list: () => Promise.resolve([...trash].map(([digest, held]) => ({ ...info(digest, held), discardedAtMs: held.discardedAtMs }))),
      holds: (digests) => Promise.resolve(digests.filter((digest) => trash.has(digest))),
      restore(digest) {
        const held = trash.get(digest)
        trash.delete(digest)
        if (held && !blobs.has(digest)) blobs.set(digest, { bytes: held.bytes, touchedAtMs: now() })
        return Promise.resolve()
      },
      remove(digest) {
        trash.delete(digest)
        return Promise.resolve()
      },
      sweepTemporary: () => Promise.resolve([])
    }
  }
}

/** Here, where the bytes are at hand, nothing needs to be believed. */
function assertGiven({ label, digest }: Extract<ByteSource, { kind: 'owned-file' }>, bytes: Uint8Array): void {
  const found = `sha256:${sha256Hex(bytes)}`
  if (found === digest) return
  throw new StemmaError('DIGEST_MISMATCH', `${label} is not the file that was given: wanted ${digest}, found ${found}`, {
    hint: 'Send it again.',
    details: { path: label, expected: digest, found }
  })
}

/** It is stored: that it stays where it was is no failure. */
function removeOwned(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
  }
}

function hashOf(held: Held | undefined): Digest | undefined {
  return held && `sha256:${sha256Hex(held.bytes)}`
}

function missing(digest: Digest): never {
  throw new StemmaError('BLOB_MISSING', `${digest} is not stored in memory:`, { hint: 'Store the bytes first.', details: { digest } })
}
