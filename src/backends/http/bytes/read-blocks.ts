import { chunksOf, type StreamSource } from '../../../io/ingest-stream.js'

/** A stream that is read in blocks of a given size, whatever the sizes of its chunks. */
export interface BlockReader {
  /** Fills a buffer. Fewer bytes than it has room for: the stream has ended. @throws as {@link chunksOf} */
  next(into: Uint8Array): Promise<number>
  /** Tells the producer to stop, and does not wait for it. */
  end(): void
}

/** Reads a stream in blocks. Chunks are copied: a producer may use its memory again. */
export function readBlocks(source: StreamSource, signal: AbortSignal | undefined): BlockReader {
  const ended = new AbortController()
  const chunks = chunksOf(source, signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]))
  let rest: Uint8Array = new Uint8Array()
  return {
    async next(into) {
      let filled = 0
      while (filled < into.byteLength) {
        if (rest.byteLength === 0) {
          const result = await chunks.next()
          if (result.done === true) break
          rest = result.value
        }
        const part = rest.subarray(0, into.byteLength - filled)
        into.set(part, filled)
        filled += part.byteLength
        rest = rest.subarray(part.byteLength)
      }
      return filled
    },
    end() {
      ended.abort()
      chunks.return(undefined).catch(() => undefined)
    }
  }
}
