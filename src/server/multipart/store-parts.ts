import type { Backend, StoredBlob } from '../../backends/backend.js'
import { StemmaError } from '../../errors/stemma-error.js'
import type { ByteSource } from '../../io/byte-source.js'

/** Bytes of small parts that are held until they are stored together. */
const GROUP_BYTES = 1_048_576
/** A part up to this size is held whole; a larger one goes to the store as it comes. */
const SMALL_BYTES = 1_048_576

/** A part that is stored. */
export interface StoredPart extends StoredBlob {
  /** Its first bytes, as many as there are up to those that were asked for. */
  head: Uint8Array
}

/** Stores the parts of a body, small ones in groups. Between calls at most 1 MiB is held, and 2 MiB while one arrives. */
export interface PartStore {
  /**
   * @param label what errors call it.
   * @throws {StemmaError} TOO_LARGE for more than `maxBytes`; as `Backend.putBlobs`.
   */
  add(label: string, bytes: AsyncIterable<Uint8Array>, maxBytes: number): Promise<void>
  /** All parts, in the order in which they were added. */
  finish(): Promise<StoredPart[]>
}

/** @param headBytes how many first bytes of each part to return. */
export function createPartStore(backend: Backend, signal: AbortSignal, headBytes = 0): PartStore {
  const stored: StoredPart[] = []
  let group: { index: number; source: ByteSource & { kind: 'bytes' } }[] = []
  let groupBytes = 0
  let count = 0

  const flush = async (): Promise<void> => {
    if (group.length === 0) return
    const blobs = await backend.putBlobs(
      group.map(({ source }) => source),
      { signal }
    )
    for (const [at, { index, source }] of group.entries()) {
      const blob = blobs[at]
      if (!blob) throw new TypeError(`the backend stored ${blobs.length} of ${group.length} parts`)
      // A copy: the part itself must not be kept alive by it.
      stored[index] = { ...blob, head: source.bytes.slice(0, headBytes) }
    }
    ;[group, groupBytes] = [[], 0]
  }

  const addLarge = async (index: number, label: string, stream: AsyncIterable<Uint8Array>, first: Uint8Array): Promise<void> => {
    const [blob] = await backend.putBlobs([{ kind: 'stream', label, stream }], { signal })
    if (!blob) throw new TypeError('the backend stored nothing')
    stored[index] = { ...blob, head: first.slice(0, headBytes) }
  }

  return {
    async add(label, bytes, maxBytes) {
      const index = count++
      const iterator = limited(label, bytes, maxBytes)[Symbol.asyncIterator]()
      const pieces: Uint8Array[] = []
      let sizeBytes = 0
      while (sizeBytes <= SMALL_BYTES) {
        const next = await iterator.next()
        if (next.done === true) {
          group.push({ index, source: { kind: 'bytes', label, bytes: Buffer.concat(pieces) } })
          groupBytes += sizeBytes
          if (groupBytes >= GROUP_BYTES) await flush()
          return
        }
        pieces.push(next.value)
        sizeBytes += next.value.byteLength
      }
      const first = Buffer.concat(pieces)
      await addLarge(index, label, continued(first, iterator), first)
    },
    async finish() {
      await flush()
      return stored
    }
  }
}

async function* limited(label: string, bytes: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  let sizeBytes = 0
  for await (const piece of bytes) {
    sizeBytes += piece.byteLength
    if (sizeBytes > maxBytes) {
      throw new StemmaError('TOO_LARGE', `${label} has more than the ${maxBytes} bytes that it may have here`, {
        hint: 'Upload it in chunks: POST /v1/uploads.',
        details: { limit: maxBytes }
      })
    }
    yield piece
  }
}

async function* continued(first: Uint8Array, rest: AsyncIterator<Uint8Array, void, undefined>): AsyncGenerator<Uint8Array> {
  yield first
  for (;;) {
    const next = await rest.next()
    if (next.done === true) return
    yield next.value
  }
}
