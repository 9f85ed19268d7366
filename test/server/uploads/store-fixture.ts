import { createHash } from 'node:crypto'
import { onTestFinished } from 'vitest'
import type { Backend } from '../../../src/backends/backend.js'
import { openLocalBackend } from '../../../src/backends/local/open-local.js'
import type { Digest } from '../../../src/schemas/digest.js'
import { openUploadFiles, type UploadFiles } from '../../../src/server/uploads/upload-files.js'
import { createUploadStore, type SentChunk, type UploadStore } from '../../../src/server/uploads/upload-store.js'
import { systemSources } from '../../../src/util/sources.js'
import { updateChecksum } from '../../../src/wire/chunk-checksum.js'

/** Bytes that look random, the same for the same seed. */
export function bytesOf(length: number, seed = 1): Buffer {
  let state = seed
  return Buffer.from(
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return state >>> 24
    })
  )
}

/** The digest of bytes. */
export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** A chunk as a client sends it: in pieces, cut off after `cutAfter` bytes if that is given. */
export function chunkOf(bytes: Uint8Array, start: number, cutAfter = Number.POSITIVE_INFINITY): SentChunk {
  const stopped = new AbortController()
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 1_000) {
      await Promise.resolve()
      stopped.signal.throwIfAborted()
      if (at + 1_000 > cutAfter) {
        yield bytes.subarray(at, Math.max(at, cutAfter))
        throw new Error('the connection was cut')
      }
      yield bytes.subarray(at, at + 1_000)
    }
    if (bytes.length <= cutAfter) return
    throw new Error('the connection was cut')
  }
  return {
    pieces: pieces(),
    start,
    sizeBytes: bytes.length,
    checksum: updateChecksum(bytes),
    stop: (reason) => {
      stopped.abort(reason)
    }
  }
}

/** A server's uploads over a folder; `change` puts something in front of its files. */
export async function openServer(folder: string, change: (files: UploadFiles) => UploadFiles = (files) => files, durable = false): Promise<{ backend: Backend; uploads: UploadStore; files: UploadFiles }> {
  const backend = await openLocalBackend({ root: folder, durable })
  const files = change(await openUploadFiles(backend.uploadFolder))
  const uploads = createUploadStore({ backend, files, sources: systemSources, maxUploadsPerToken: 100, maxUploadBytes: 1e12 })
  onTestFinished(() => backend.close())
  return { backend, uploads, files }
}

/** All bytes of a blob. */
export async function readBlob(backend: Backend, digest: Digest): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of backend.openBlob(digest, {})) chunks.push(Uint8Array.from(chunk))
  return Buffer.concat(chunks)
}
