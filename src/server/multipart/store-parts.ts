import type { Backend, StoredBlob } from '../../backends/backend.js'
import { StemmaError } from '../../errors/stemma-error.js'
import type { ByteSource } from '../../io/byte-source.js'

/** When small parts have so many bytes they are stored together. */
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
   * @param onBytes told how many bytes came; what it throws ends the body.
   * @throws {StemmaError} TOO_LARGE for more than `maxBytes`; as `Backend.putBlobs`.
   */
  add(label: string, bytes: AsyncIterable<Uint8Array>, maxBytes: number, onBytes?: (count: number) => void): Promise<void>
  /** All parts, in the order in which they were added. */
  finish(): Promise<StoredPart[]>
}

/** Memory that is in no use, for one body after the other: new memory for each, and for each part, stays until it is collected. */
const spare: Uint8Array[] = []
const MOST_SPARE = 4

function groupMemory(): Uint8Array {
  // Not as a Buffer, whose `slice` is no copy.
  return spare.pop() ?? new Uint8Array(Buffer.allocUnsafeSlow(GROUP_BYTES + SMALL_BYTES).buffer)
}

/** @param headBytes how many first bytes of each part to return. */
export function createPartStore(backend: Backend, signal: AbortSignal, headBytes = 0): PartStore {
  const stored: StoredPart[] = []
  const memory = groupMemory()
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
      // A copy: the memory is used again.
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
    async add(label, bytes, maxBytes, onBytes) {
      const index = count++
      const iterator = bytes[Symbol.asyncIterator]()
      let sizeBytes = 0
      const counted = (piece: Uint8Array): Uint8Array => {
        sizeBytes += piece.byteLength
        if (sizeBytes > maxBytes) throw tooLarge(label, maxBytes)
        onBytes?.(piece.byteLength)
        return piece
      }
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
        const beforeBytes = sizeBytes
        const piece = counted(next.value)
        if (sizeBytes > SMALL_BYTES) {
          const first = new Uint8Array(Buffer.concat([memory.subarray(groupBytes, groupBytes + beforeBytes), piece]))
          await addLarge(index, label, continued(first, iterator, counted), first)
          return
        }
        memory.set(piece, groupBytes + beforeBytes)
      }
      group.push({ index, source: { kind: 'bytes', label, bytes: memory.subarray(groupBytes, groupBytes + sizeBytes) } })
      groupBytes += sizeBytes
      if (groupBytes >= GROUP_BYTES) await flush()
    },
    async finish() {
      await flush()
      // Not after a failure: something may still be written from it.
      if (spare.length < MOST_SPARE) spare.push(memory)
      return stored
    }
  }
}

async function* continued(first: Uint8Array, rest: AsyncIterator<Uint8Array, unknown>, counted: (piece: Uint8Array) => Uint8Array): AsyncGenerator<Uint8Array> {
  yield first
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield counted(next.value)
}

function tooLarge(label: string, maxBytes: number): StemmaError {
  return new StemmaError('TOO_LARGE', `${label} has more than the ${maxBytes} bytes that it may have here`, {
    hint: 'Upload it in chunks: POST /v1/uploads.',
    details: { limit: maxBytes }
  })
}
