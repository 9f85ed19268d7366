import { createHash } from 'node:crypto'
import { closeLater, createFile, handledLater, readFully, syncContent, unlinkQuietly, writeFully } from './descriptor.js'
import { ATTEMPTS } from './ingest-small.js'
import { isUnchanged, openSource, sourceChanged, sourceUnreadable, type FileSource, type OpenSource } from './open-source.js'
import type { Ingested } from './store-fs.js'

/** Writes of 2 MiB and more are at times ten times slower on ext4; below 256 KiB the turns of the thread pool count. */
const CHUNK_BYTES = 524_288
/** Written back while the copy goes on, so that the last sync finds little left to do. */
const SYNC_SPAN_BYTES = 33_554_432

/** What {@link ingestLarge} is told. */
export interface LargeOptions {
  mode: number
  /** Whether the content is durable when it returns. */
  sync: boolean
  /** Throws when the work must stop; asked before each chunk. */
  check: () => void
  /** The bytes done so far of this file; begins anew when the file is read again. */
  onBytes: (doneBytes: number) => void
}

/**
 * Copies a file of any size to a new target and hashes the bytes written, in one pass: the thread pool reads the next chunk and
 * writes this one while this thread hashes it.
 *
 * @throws {StemmaError} SOURCE_CHANGED, SOURCE_UNREADABLE, SOURCE_UNSUPPORTED; the system's own error for the target.
 */
export async function ingestLarge(source: FileSource, target: string, options: LargeOptions): Promise<Ingested> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const open = openSource(source)
    try {
      const ingested = await attemptOnce(source, open, target, options)
      if (ingested !== undefined) return ingested
    } finally {
      await closeLater(open.fd)
    }
  }
  throw sourceChanged(source, ATTEMPTS)
}

async function attemptOnce(source: FileSource, open: OpenSource, target: string, options: LargeOptions): Promise<Ingested | undefined> {
  let ingested: Ingested | undefined
  await createFile(target, options.mode, async (fd) => {
    const copied = await copyAndHash(source, open, fd, options)
    if (copied.sizeBytes !== open.sizeBytes || !isUnchanged(source, open)) return
    if (options.sync) await syncContent(fd)
    ingested = copied
  })
  if (ingested === undefined) unlinkQuietly(target)
  return ingested
}

async function copyAndHash(source: FileSource, open: OpenSource, target: number, options: LargeOptions): Promise<Ingested> {
  const sha256 = createHash('sha256')
  // Three: one is read, one written, one hashed.
  const buffers = [Buffer.allocUnsafeSlow(CHUNK_BYTES), Buffer.allocUnsafeSlow(CHUNK_BYTES), Buffer.allocUnsafeSlow(CHUNK_BYTES)] as const
  const background = createBackgroundSync(target, options.sync)
  let position = 0
  let writing: Promise<void> | undefined
  let reading: Promise<number> | undefined = handledLater(readFully(open.fd, buffers[0], 0))
  try {
    // A file that grows while it is read must not be followed for ever.
    for (let turn = 0; position <= open.sizeBytes; turn++) {
      options.check()
      const buffer = buffers[turn % 3] ?? buffers[0]
      const count = await readingOf(source, reading)
      reading = undefined
      if (count === 0) break
      if (count === CHUNK_BYTES) reading = handledLater(readFully(open.fd, buffers[(turn + 1) % 3] ?? buffers[0], position + count))
      await writing
      const chunk = buffer.subarray(0, count)
      writing = handledLater(writeFully(target, chunk))
      sha256.update(chunk)
      position += count
      background.wrote(position)
      options.onBytes(position)
      if (reading === undefined) break
    }
    await writing
    await background.done()
    return { sha256: sha256.digest('hex'), sizeBytes: position }
  } finally {
    // The descriptors are closed after this: nothing may still work on them.
    await Promise.allSettled([reading, writing, background.done()])
  }
}

async function readingOf(source: FileSource, reading: Promise<number> | undefined): Promise<number> {
  try {
    return (await reading) ?? 0
  } catch (error) {
    throw sourceUnreadable(source, error)
  }
}

/** Writes back what was written in the background, one span at a time. A failure shows in `done`. */
export function createBackgroundSync(fd: number, enabled: boolean): { wrote: (position: number) => void; done: () => Promise<void> } {
  let syncedTo = 0
  let busy = false
  let last: Promise<void> = Promise.resolve()
  return {
    wrote: (position) => {
      if (!enabled || busy || position - syncedTo < SYNC_SPAN_BYTES) return
      busy = true
      syncedTo = position
      last = handledLater(
        Promise.all([last, syncContent(fd)]).then(() => {
          busy = false
        })
      )
    },
    done: () => last
  }
}
