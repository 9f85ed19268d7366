import { timeSlices } from '../../../io/event-loop.js'
import { readSmall } from '../../../io/ingest-small.js'
import { sha256Hex } from '../../../util/sha256.js'
import type { TransferOptions } from '../../../util/options.js'
import type { BytesContext } from './bytes-context.js'
import { ATTEMPTS, REMEMBERED_BYTES, type PlacedSource } from './digest-sources.js'
import type { PendingBlob } from './pending-blob.js'

/** Memory for the small files of one window. One that finds no room is read twice. */
const MEMORY_BYTES = 2_359_296

/** What {@link readSmallFiles} works with. */
export interface SmallFilesOptions extends TransferOptions {
  memory: Uint8Array
  /** The first bytes of a file that asked for them; good as long as the memory is. */
  onHead: (index: number, head: Uint8Array) => void
}

/** Memory for {@link readSmallFiles}. */
export function createSmallMemory(): Uint8Array {
  // Not as a Buffer, of which each part takes ten times as long to make.
  return new Uint8Array(Buffer.allocUnsafeSlow(MEMORY_BYTES).buffer)
}

/**
 * Reads files that are so small that nothing is remembered of them: once, to be hashed and, where the registry lacks them, sent from memory. To
 * open and judge such a file takes longer than to read it.
 *
 * @returns what was read, and the sources that were not: of another kind, larger, changing, or too many.
 * @throws {StemmaError} SOURCE_UNREADABLE, SOURCE_UNSUPPORTED.
 */
export async function readSmallFiles(
  context: BytesContext,
  placed: readonly PlacedSource[],
  { memory, onHead, onProgress, signal }: SmallFilesOptions
): Promise<{ read: PendingBlob[]; left: PlacedSource[] }> {
  const pause = timeSlices(context.sources)
  const read: PendingBlob[] = []
  const left: PlacedSource[] = []
  let room = memory
  let doneBytes = 0
  for (const one of placed) {
    signal?.throwIfAborted()
    const bytes = readOne(one, room)
    if (bytes === undefined) {
      left.push(one)
      continue
    }
    const { index, source } = one
    room = room.subarray(bytes.byteLength)
    if (source.kind === 'file' && (source.headBytes ?? 0) > 0) onHead(index, bytes.subarray(0, source.headBytes))
    const { label } = source
    read.push({ index, source: { kind: 'bytes', label, bytes }, digest: `sha256:${sha256Hex(bytes)}`, sizeBytes: bytes.byteLength, stamp: undefined })
    doneBytes += bytes.byteLength
    onProgress?.({ phase: 'hash', path: label, doneBytes })
    await pause()
  }
  return { read, left }
}

function readOne({ source }: PlacedSource, room: Uint8Array): Uint8Array | undefined {
  // One byte more shows that a file has grown.
  if (source.kind !== 'file' || source.sizeBytes >= Math.min(REMEMBERED_BYTES, room.byteLength)) return undefined
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const bytes = readSmall(source, room.subarray(0, REMEMBERED_BYTES))
    if (bytes === 'large') return undefined
    if (bytes !== 'changed') return bytes
  }
  return undefined
}
