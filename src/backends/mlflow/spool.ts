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

/** A blob that waits on this machine. */
export interface SpooledBlob {
  readonly path: string
  readonly sizeBytes: number
}

/**
 * Where bytes wait until the version that needs them is registered: MLflow keeps files with the version, and has no place for bytes
 * without one. A private folder of this process, removed with it.
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
    const existed = blobs.has(digest) || isStored(digest)
    if (existed) await fs.unlink(blob.path)
    else blobs.set(digest, blob)
    return existed
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
        const copied = new Map((await copyAll(sources, options)).map((copy) => [copy.source, copy]))
        const stored: StoredBlob[] = []
        let doneBytes = 0
        for (const source of sources) {
          if (source.kind === 'owned-file') {
            const { digest, sizeBytes, label } = source
            stored.push({ digest, sizeBytes, existed: await keep(digest, { path: await take(source), sizeBytes }, isStored) })
            options.onProgress?.({ phase: 'store', path: label, doneBytes: doneBytes + sizeBytes })
          } else {
            const { target, result } = copied.get(source) ?? {}
            if (!target || !result) throw new TypeError('a source was not copied')
            const digest: Digest = `sha256:${result.sha256}`
            const existed = await keep(digest, { path: target, sizeBytes: result.sizeBytes }, isStored)
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
        if (blob) await fs.unlink(blob.path).catch(() => undefined)
      }
    },
    async close() {
      blobs.clear()
      await rm(folder, { recursive: true, force: true })
    }
  }
}
