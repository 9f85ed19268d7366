import { createHash } from 'node:crypto'
import { closeSync, constants, fchmodSync, fstatSync, ftruncateSync, openSync } from 'node:fs'
import { closeLater, handledLater, readFully, syncContent } from './descriptor.js'
import type { LargeOptions } from './ingest-large.js'
import { drain, type StreamSource } from './ingest-stream.js'
import type { Ingested } from './store-fs.js'

const READ_BYTES = 4_194_304

// A link in place of the file must not lead elsewhere, and a FIFO must not hang the process.
const OPEN_FLAGS = constants.O_CREAT | constants.O_RDWR | constants.O_APPEND | constants.O_NONBLOCK | constants.O_NOFOLLOW

/** What {@link appendStream} is told. */
export interface AppendOptions extends LargeOptions {
  /** More than the file shall ever have: one that has more already begins anew. */
  maxBytes: number
  signal?: AbortSignal | undefined
}

/**
 * Goes on with a file that holds the first bytes of something, or begins it: hashes what is there, appends what `rest` gives from that
 * position on, and gives size and digest of the whole. When it fails, what was written stays, to be gone on with later; only when it
 * succeeds has the file the permissions `mode`, and is durable with `sync`.
 *
 * @param path absolute; created with permissions 0600 when it is absent.
 * @throws {StemmaError} SOURCE_UNREADABLE and what `rest` throws; the system's own error for the file; `signal.reason`.
 */
export async function appendStream(path: string, rest: (start: number) => StreamSource, options: AppendOptions): Promise<Ingested> {
  const fd = openSync(path, OPEN_FLAGS, 0o600)
  let ingested: Ingested
  try {
    if (fstatSync(fd).size > options.maxBytes) ftruncateSync(fd, 0)
    const begun = await hashBegun(fd, options)
    ingested = await drain(rest(begun.sizeBytes), fd, options, begun)
    fchmodSync(fd, options.mode)
    if (options.sync) await syncContent(fd)
  } catch (error) {
    closeSync(fd)
    throw error
  }
  await closeLater(fd)
  return ingested
}

async function hashBegun(fd: number, options: AppendOptions): Promise<{ sha256: ReturnType<typeof createHash>; sizeBytes: number }> {
  const sha256 = createHash('sha256')
  let sizeBytes = 0
  if (fstatSync(fd).size === 0) return { sha256, sizeBytes }
  let [current, ahead] = [Buffer.allocUnsafeSlow(READ_BYTES), Buffer.allocUnsafeSlow(READ_BYTES)]
  let reading = handledLater(readFully(fd, current, 0))
  try {
    for (;;) {
      options.check()
      const count = await reading
      if (count === 0) return { sha256, sizeBytes }
      reading = handledLater(readFully(fd, ahead, sizeBytes + count))
      sha256.update(current.subarray(0, count))
      sizeBytes += count
      options.onBytes(sizeBytes)
      ;[current, ahead] = [ahead, current]
    }
  } finally {
    // The descriptor may be closed after this: nothing may still work on it.
    await Promise.allSettled([reading])
  }
}
