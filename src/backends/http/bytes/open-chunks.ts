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

/** Memory for the chunks of one source at a time: the one that is sent, and the one that is read. Made when it is needed first. */
export interface ChunkMemory {
  readonly chunkBytes: number
  take(): readonly [Uint8Array, Uint8Array]
}

/** Memory that is used for one source after the other: new one for each would stay until it is collected. */
export function createChunkMemory(chunkBytes: number): ChunkMemory {
  let buffers: readonly [Uint8Array, Uint8Array] | undefined
  return { chunkBytes, take: () => (buffers ??= [Buffer.allocUnsafeSlow(chunkBytes), Buffer.allocUnsafeSlow(chunkBytes)]) }
}

/** Opens a source. @throws {StemmaError} SOURCE_UNREADABLE, SOURCE_UNSUPPORTED */
export function openChunks(source: LastingSource, memory: ChunkMemory): Chunks {
  return source.kind === 'bytes' ? chunksOfBytes(source.bytes, memory.chunkBytes) : chunksOfFile({ ...source, kind: 'file' }, memory)
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

function chunksOfFile(source: FileSource, memory: ChunkMemory): Chunks {
  const open = openSource(source)
  const length = memory.chunkBytes
  let [given, ahead] = memory.take()
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
