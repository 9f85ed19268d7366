import { createHash, hash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { closeLater, handledLater, readFully } from './descriptor.js'
import type { LargeOptions } from './ingest-large.js'
import type { Ingested } from './store-fs.js'
import { systemErrorCode } from './system-error.js'

/** Below this a file is hashed in one synchronous step. */
const SMALL_BYTES = 1_048_576
/** Large enough that a turn of the thread pool hides behind the hashing of the other buffer. */
const READ_AHEAD_BYTES = 4_194_304
/** Small enough that the bytes are still in the processor's cache when they are hashed. */
const CACHED_BYTES = 262_144

// Not waited for: a FIFO where a file belongs must not hang the process.
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK

/** How {@link hashFile} works. */
export interface HashOptions extends Pick<LargeOptions, 'check' | 'onBytes'> {
  /** `read-ahead`: in the thread pool, this thread stays responsive; `blocking`: in this thread, for workers. */
  mode: 'read-ahead' | 'blocking'
  /** Reused from file to file, see {@link createHashBuffer}. */
  buffer: Uint8Array
}

/** A buffer for {@link hashFile}. */
export function createHashBuffer(): Uint8Array {
  return Buffer.allocUnsafeSlow(SMALL_BYTES)
}

/**
 * Hashes what a file holds, also if its size changes meanwhile.
 *
 * @returns `undefined` when it is absent.
 * @throws the system's own error.
 */
export async function hashFile(path: string, options: HashOptions): Promise<Ingested | undefined> {
  let fd: number
  try {
    fd = openSync(path, OPEN_FLAGS)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
  const isSmall = fstatSync(fd).size < SMALL_BYTES
  if (!isSmall && options.mode === 'read-ahead') return hashReadingAhead(fd, options)
  try {
    return (isSmall ? hashSmall(fd, options) : undefined) ?? hashBlocking(fd, options)
  } finally {
    closeSync(fd)
  }
}

/** `undefined`, having read nothing for good, when the file filled the whole buffer: then it grew. */
function hashSmall(fd: number, { buffer }: HashOptions): Ingested | undefined {
  let filled = 0
  for (let count = -1; count !== 0 && filled < buffer.byteLength; filled += count) {
    count = readSync(fd, buffer, filled, buffer.byteLength - filled, filled)
  }
  if (filled === buffer.byteLength) return undefined
  return { sha256: hash('sha256', buffer.subarray(0, filled), 'hex'), sizeBytes: filled }
}

function hashBlocking(fd: number, options: HashOptions): Ingested {
  const sha256 = createHash('sha256')
  const buffer = options.buffer.subarray(0, CACHED_BYTES)
  let position = 0
  for (;;) {
    const count = readSync(fd, buffer, 0, buffer.byteLength, position)
    if (count === 0) break
    sha256.update(buffer.subarray(0, count))
    position += count
    options.check()
    options.onBytes(position)
  }
  return { sha256: sha256.digest('hex'), sizeBytes: position }
}

/** Two that no file is read into. For one file after the other: new ones for each add up until they are collected, which those may be, too. */
let spare: WeakRef<readonly [Buffer, Buffer]> | undefined

function takeReadAhead(): readonly [Buffer, Buffer] {
  const buffers = spare?.deref()
  spare = undefined
  return buffers ?? [Buffer.allocUnsafeSlow(READ_AHEAD_BYTES), Buffer.allocUnsafeSlow(READ_AHEAD_BYTES)]
}

async function hashReadingAhead(fd: number, options: HashOptions): Promise<Ingested> {
  const sha256 = createHash('sha256')
  const buffers = takeReadAhead()
  let [current, ahead] = buffers
  let position = 0
  let reading = handledLater(readFully(fd, current, 0))
  try {
    for (;;) {
      options.check()
      const count = await reading
      if (count === 0) break
      reading = handledLater(readFully(fd, ahead, position + count))
      sha256.update(current.subarray(0, count))
      position += count
      options.onBytes(position)
      ;[current, ahead] = [ahead, current]
    }
    return { sha256: sha256.digest('hex'), sizeBytes: position }
  } finally {
    await Promise.allSettled([reading])
    spare = new WeakRef(buffers)
    await closeLater(fd)
  }
}
