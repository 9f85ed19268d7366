import type { Hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { StemmaError } from '../../errors/stemma-error.js'
import { handledLater } from '../../io/descriptor.js'
import type { OpenUploadFile } from './upload-files.js'

/** Bytes that are written at once. Far below it the turns of the thread pool count, above 1 MiB writes get slow. */
const BATCH_BYTES = 1_048_576
const SMALLEST_BATCH_BYTES = 65_536
/** What all chunks that arrive at the same time may hold in memory, but for the smallest batches. */
const SHARED_BYTES = 16_777_216
/** One write takes at most so many pieces: 1,024 is the limit of Linux. */
const BATCH_PIECES = 512
/** Written back while the chunk still arrives, so that the last flush finds little left to do. */
const SYNC_BYTES = 4_194_304

/** A chunk as it comes, and where it belongs. */
export interface IncomingChunk {
  pieces: AsyncIterable<Uint8Array>
  /** Where it begins in the blob. */
  start: number
  sizeBytes: number
  /** The CRC-32 that its bytes must have. */
  checksum: number
}

/** What {@link appendChunk} works with. */
export interface AppendOptions {
  /** The sha256 of all bytes before the chunk; it is left as it is. */
  hash: Hash
  /** Whether its bytes must survive a power cut. */
  durable: boolean
  /** Something came. */
  moved: () => void
}

let arriving = 0

/**
 * Writes a chunk to its place as it arrives, and hashes it in the same pass. Memory is bounded, whatever the sizes.
 *
 * @returns the sha256 of all bytes up to the end of the chunk.
 * @throws {StemmaError} DIGEST_MISMATCH, retryable, for another CRC-32; INVALID_INPUT for more or fewer bytes than were said.
 * @throws what the pieces throw, and the system's own errors.
 */
export async function appendChunk(file: OpenUploadFile, chunk: IncomingChunk, options: AppendOptions): Promise<Hash> {
  const hash = options.hash.copy()
  let [batch, batchBytes]: [Uint8Array[], number] = [[], 0]
  let [received, checksum] = [0, 0]
  let writing: Promise<void> | undefined
  const background = createBackgroundSync(file, options.durable)

  const flush = async (): Promise<void> => {
    await writing
    writing = handledLater(file.write(batch, chunk.start + received - batchBytes))
    ;[batch, batchBytes] = [[], 0]
    background.wrote(received)
  }

  arriving += 1
  try {
    for await (const piece of chunk.pieces) {
      options.moved()
      received += piece.byteLength
      if (received > chunk.sizeBytes) break
      hash.update(piece)
      checksum = crc32(piece, checksum)
      batch.push(piece)
      batchBytes += piece.byteLength
      if (batchBytes >= batchLimit() || batch.length >= BATCH_PIECES) await flush()
    }
    if (received !== chunk.sizeBytes) throw wrongSize(chunk.sizeBytes, received)
    if (checksum !== chunk.checksum) throw wrongChecksum(chunk.checksum, checksum)
    if (batch.length > 0) await flush()
    await writing
    await background.done()
    if (options.durable) await file.sync()
    return hash
  } finally {
    arriving -= 1
    // The file is closed after this: nothing may still work on it.
    await Promise.allSettled([writing, background.done()])
  }
}

/** Writes back what was written, one span at a time. A failure shows in `done`: the system tells of it only once. */
function createBackgroundSync(file: OpenUploadFile, enabled: boolean): { wrote: (position: number) => void; done: () => Promise<void> } {
  let syncedTo = 0
  let busy = false
  let last: Promise<void> = Promise.resolve()
  return {
    wrote: (position) => {
      if (!enabled || busy || position - syncedTo < SYNC_BYTES) return
      busy = true
      syncedTo = position
      last = handledLater(
        Promise.all([last, file.sync()]).then(() => {
          busy = false
        })
      )
    },
    done: () => last
  }
}

function batchLimit(): number {
  return Math.max(SMALLEST_BATCH_BYTES, Math.min(BATCH_BYTES, Math.floor(SHARED_BYTES / arriving)))
}

function wrongSize(expected: number, found: number): StemmaError {
  return new StemmaError('INVALID_INPUT', `the chunk was said to have ${expected} bytes, and ${found > expected ? 'more' : found} came`, {
    hint: 'Send it again.',
    retryable: true,
    details: { expectedBytes: expected, foundBytes: found }
  })
}

function wrongChecksum(expected: number, found: number): StemmaError {
  const hex = (checksum: number): string => checksum.toString(16).padStart(8, '0')
  return new StemmaError('DIGEST_MISMATCH', `the chunk was changed on its way: wanted the CRC-32 ${hex(expected)}, found ${hex(found)}`, {
    hint: 'Send it again.',
    retryable: true,
    details: { expected: hex(expected), found: hex(found) }
  })
}
