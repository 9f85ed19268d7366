import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isStemmaError, StemmaError } from '../../errors/stemma-error.js'
import type { ByteSource } from '../../io/byte-source.js'
import type { StoreFs } from '../../io/store-fs.js'
import { toStemmaError } from '../../io/system-error.js'
import type { Digest } from '../../schemas/digest.js'
import { newId } from '../../util/new-id.js'
import type { TransferOptions } from '../../util/options.js'
import type { Sources } from '../../util/sources.js'
import type { StoredBlob } from '../backend.js'

type OwnedFile = Extract<ByteSource, { kind: 'owned-file' }>
type LentFile = Extract<ByteSource, { kind: 'file' }>

/** Files of this size and more are hashed and sent from where they lie: a copy of them would take longer than to send them. */
const LENT_MIN_BYTES = 33_554_432

/** A blob that waits on this machine. */
export interface SpooledBlob {
  readonly path: string
  readonly sizeBytes: number
  /** Whether it is the file of somebody else, which may change: what is sent is held against the digest. */
  readonly isLent: boolean
}

/**
 * Where bytes wait until the version that needs them is registered: MLflow keeps files with the version, and has no place for bytes
 * without one. Small ones are copied to a private folder of this process, removed with it; of large ones it is remembered where they lie.
 */
export interface Spool {
  readonly folder: string
  /** See `Backend.putBlobs`; `isStored` tells what is on the server already. */
  put(sources: readonly ByteSource[], isStored: (digest: Digest) => boolean, options: TransferOptions): Promise<StoredBlob[]>
  get(digest: Digest): SpooledBlob | undefined
  digests(): Digest[]
  /** Removes blobs that lie on the server now. */
  drop(digests: Iterable<Digest>): Promise<void>
  close(): Promise<void>
}

/** Makes the folder; its mode lets nobody else read. */
export function createSpool(fs: StoreFs, sources: Sources): Spool {
  const folder = mkdtempSync(join(tmpdir(), 'stemma-mlflow-'))
  const blobs = new Map<Digest, SpooledBlob>()
  const newPath = (): string => join(folder, newId(sources))

  const assertOwned = async ({ label, path, sizeBytes }: OwnedFile): Promise<void> => {
    const found = await fs.stat(path)
    if (found?.isFile !== true) {
      throw new StemmaError('SOURCE_UNREADABLE', `${label} cannot be read: no file at ${path}`, { hint: 'Send it again.', details: { path: label, file: path } })
    }
    if (found.sizeBytes === sizeBytes) return
    throw new StemmaError('DIGEST_MISMATCH', `${label} is not the file that was given: wanted ${sizeBytes} bytes, found ${found.sizeBytes}`, {
      hint: 'Send it again.',
      details: { path: label, expectedBytes: sizeBytes, foundBytes: found.sizeBytes }
    })
  }

  const take = async (owned: OwnedFile): Promise<string> => {
    const path = newPath()
    // Their own folder may be on another disk.
    await fs.rename(owned.path, path).catch(async () => {
      await fs.ingest([{ source: { ...owned, kind: 'file' }, target: path }], { sync: false, mode: 0o400 })
      await fs.unlink(owned.path)
    })
    return path
  }

  const keep = async (digest: Digest, blob: SpooledBlob, isStored: (digest: Digest) => boolean): Promise<boolean> => {
    const existed = blobs.has(digest)
    if (!existed) blobs.set(digest, blob)
    else if (!blob.isLent) await fs.unlink(blob.path)
    // Also what is on the server is kept: every version there has files of its own, and here it is at hand.
    return existed || isStored(digest)
  }

  /** Hashed in place; those whose size is not the one announced are left to be copied, and refused there. */
  const lendAll = async (sources: readonly ByteSource[], options: TransferOptions): Promise<Map<ByteSource, { digest: Digest; blob: SpooledBlob }>> => {
    const large = sources.filter((source): source is LentFile => source.kind === 'file' && source.sizeBytes >= LENT_MIN_BYTES)
    const hashes = large.length === 0 ? [] : await fs.hash(large.map(({ path }) => path), options)
    const lent = new Map<ByteSource, { digest: Digest; blob: SpooledBlob }>()
    for (const [index, source] of large.entries()) {
      const hash = hashes[index]
      const { path, sizeBytes } = source
      if (hash !== undefined && (await fs.stat(path))?.sizeBytes === sizeBytes) lent.set(source, { digest: `sha256:${hash}`, blob: { path, sizeBytes, isLent: true } })
    }
    return lent
  }

  const copyAll = async (sources: readonly ByteSource[], options: TransferOptions) => {
    const items = sources.flatMap((source) => (source.kind === 'owned-file' ? [] : [{ source, target: newPath() }]))
    const ingested = await fs.ingest(items, { sync: false, mode: 0o400, signal: options.signal, onProgress: options.onProgress })
    return items.map(({ source, target }, index) => ({ source, target, result: ingested[index] }))
  }

  return {
    folder,
    async put(sources, isStored, options) {
      options.signal?.throwIfAborted()
      try {
        for (const source of sources) if (source.kind === 'owned-file') await assertOwned(source)
        const lent = await lendAll(sources, options)
        const copied = new Map((await copyAll(sources.filter((source) => !lent.has(source)), options)).map((copy) => [copy.source, copy]))
        const stored: StoredBlob[] = []
        let doneBytes = 0
        for (const source of sources) {
          const borrowed = lent.get(source)
          if (borrowed) {
            const { digest, blob } = borrowed
            stored.push({ digest, sizeBytes: blob.sizeBytes, existed: await keep(digest, blob, isStored) })
          } else if (source.kind === 'owned-file') {
            const { digest, sizeBytes, label } = source
            stored.push({ digest, sizeBytes, existed: await keep(digest, { path: await take(source), sizeBytes, isLent: false }, isStored) })
            options.onProgress?.({ phase: 'store', path: label, doneBytes: doneBytes + sizeBytes })
          } else {
            const { target, result } = copied.get(source) ?? {}
            if (!target || !result) throw new TypeError('a source was not copied')
            const digest: Digest = `sha256:${result.sha256}`
            const existed = await keep(digest, { path: target, sizeBytes: result.sizeBytes, isLent: false }, isStored)
            stored.push({ digest, sizeBytes: result.sizeBytes, existed, ...(result.head === undefined ? {} : { head: result.head }) })
          }
          doneBytes += stored.at(-1)?.sizeBytes ?? 0
        }
        if (stored.length > 0) options.onProgress?.({ phase: 'store', doneBytes })
        return stored
      } catch (error) {
        options.signal?.throwIfAborted()
        throw isStemmaError(error) ? error : toStemmaError(error, 'cannot keep bytes until they are sent', folder)
      }
    },
    get: (digest) => blobs.get(digest),
    digests: () => [...blobs.keys()],
    async drop(digests) {
      for (const digest of digests) {
        const blob = blobs.get(digest)
        blobs.delete(digest)
        if (blob?.isLent === false) await fs.unlink(blob.path).catch(() => undefined)
      }
    },
    async close() {
      blobs.clear()
      await rm(folder, { recursive: true, force: true })
    }
  }
}
