import { closeLater, handledLater, readFully } from '../../../io/descriptor.js'
import { stampOf } from '../../../io/known-digests.js'
import { isUnchanged, openSource, sourceUnreadable, type FileSource } from '../../../io/open-source.js'
import { updateChecksum } from '../../../wire/chunk-checksum.js'
import type { LastingSource } from './pending-blob.js'

/** Bytes of a source, and their CRC-32. */
export interface Chunk {
  readonly bytes: Uint8Array
  readonly checksum: number
}

/** A source that is read in chunks, from wherever the registry wants it. */
export interface Chunks {
  readonly sizeBytes: number
  /** See `stampOf`; `undefined` for bytes in memory. */
  readonly stamp: string | undefined
  /**
   * The chunk that begins there, shorter only at the end. It is good until the next call; meanwhile the one after it is read, and its
   * checksum computed: the registry would have to wait for both.
   *
   * @throws {StemmaError} SOURCE_UNREADABLE
   */
  take(position: number): Promise<Chunk>
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

function chunkOf(bytes: Uint8Array): Chunk {
  return { bytes, checksum: updateChecksum(bytes) }
}

function chunksOfBytes(bytes: Uint8Array, chunkBytes: number): Chunks {
  return {
    sizeBytes: bytes.byteLength,
    stamp: undefined,
    take: (position) => Promise.resolve(chunkOf(bytes.subarray(position, position + chunkBytes))),
    isUnchanged: () => true,
    close: () => Promise.resolve()
  }
}

function chunksOfFile(source: FileSource, memory: ChunkMemory): Chunks {
  const open = openSource(source)
  const length = memory.chunkBytes
  let [given, ahead] = memory.take()
  let reading: { position: number; chunk: Promise<Chunk> } | undefined
  const read = (position: number): void => {
    const into = ahead
    reading = { position, chunk: handledLater(readFully(open.fd, into, position).then((count) => chunkOf(into.subarray(0, count)))) }
  }
  return {
    sizeBytes: open.sizeBytes,
    stamp: stampOf(open.stamp),
    async take(position) {
      try {
        if (reading?.position !== position) {
          // Into the same memory: the one before has to be over.
          await reading?.chunk
          read(position)
        }
        const chunk = (await reading?.chunk) ?? chunkOf(new Uint8Array())
        const count = chunk.bytes.byteLength
        ;[given, ahead] = [ahead, given]
        reading = undefined
        if (count === length && position + count < open.sizeBytes) read(position + count)
        return chunk
      } catch (error) {
        throw sourceUnreadable(source, error)
      }
    },
    isUnchanged: () => isUnchanged(source, open),
    async close() {
      await Promise.allSettled([reading?.chunk])
      await closeLater(open.fd)
    }
  }
}
