import { closeLater, handledLater, readFully } from '../../../io/descriptor.js'
import { stampOf } from '../../../io/known-digests.js'
import { isUnchanged, openSource, sourceUnreadable, type FileSource } from '../../../io/open-source.js'
import type { LastingSource } from './pending-blob.js'

/** A source that is read in chunks, from wherever the registry wants it. */
export interface Chunks {
  readonly sizeBytes: number
  /** See `stampOf`; `undefined` for bytes in memory. */
  readonly stamp: string | undefined
  /**
   * The chunk that begins there, shorter only at the end. It is good until the next call; meanwhile the one after it is read.
   *
   * @throws {StemmaError} SOURCE_UNREADABLE
   */
  take(position: number): Promise<Uint8Array>
  /** Whether the source still is what it was when it was opened, by all that the file system tells. */
  isUnchanged(): boolean
  close(): Promise<void>
}

/** Opens a source. @throws {StemmaError} SOURCE_UNREADABLE, SOURCE_UNSUPPORTED */
export function openChunks(source: LastingSource, chunkBytes: number): Chunks {
  return source.kind === 'bytes' ? chunksOfBytes(source.bytes, chunkBytes) : chunksOfFile({ ...source, kind: 'file' }, chunkBytes)
}

function chunksOfBytes(bytes: Uint8Array, chunkBytes: number): Chunks {
  return {
    sizeBytes: bytes.byteLength,
    stamp: undefined,
    take: (position) => Promise.resolve(bytes.subarray(position, position + chunkBytes)),
    isUnchanged: () => true,
    close: () => Promise.resolve()
  }
}

function chunksOfFile(source: FileSource, chunkBytes: number): Chunks {
  const open = openSource(source)
  const length = Math.min(chunkBytes, Math.max(1, open.sizeBytes))
  let [given, ahead] = [Buffer.allocUnsafeSlow(length), Buffer.allocUnsafeSlow(length)]
  let reading: { position: number; count: Promise<number> } | undefined
  const read = (position: number): void => {
    reading = { position, count: handledLater(readFully(open.fd, ahead, position)) }
  }
  return {
    sizeBytes: open.sizeBytes,
    stamp: stampOf(open.stamp),
    async take(position) {
      try {
        if (reading?.position !== position) {
          // Into the same memory: the one before has to be over.
          await reading?.count
          read(position)
        }
        const count = (await reading?.count) ?? 0
        ;[given, ahead] = [ahead, given]
        reading = undefined
        if (count === length && position + count < open.sizeBytes) read(position + count)
        return given.subarray(0, count)
      } catch (error) {
        throw sourceUnreadable(source, error)
      }
    },
    isUnchanged: () => isUnchanged(source, open),
    async close() {
      await Promise.allSettled([reading?.count])
      await closeLater(open.fd)
    }
  }
}
