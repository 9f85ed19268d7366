import { hash } from 'node:crypto'
import { closeSync, readSync } from 'node:fs'
import { createFileSync, writeFullySync } from './descriptor.js'
import { isUnchanged, openSource, sourceChanged, sourceUnreadable, type FileSource } from './open-source.js'
import type { Ingested } from './store-fs.js'

/** Up to this size a file is read whole, synchronously: a turn of the thread pool costs more than that. */
export const SMALL_BYTES = 1_048_576

/** How often a source is read before it counts as changing. */
export const ATTEMPTS = 3

/** A buffer for {@link ingestSmall}: one byte more than a small file has, which is how growth shows. */
export function createSmallBuffer(): Uint8Array {
  // Not as a Buffer, of which each part takes ten times as long to make.
  return new Uint8Array(Buffer.allocUnsafeSlow(SMALL_BYTES + 1).buffer)
}

/**
 * Copies a small file to a new target and hashes the bytes written, synchronously. The source is judged before the target is
 * created, so that a change costs no cleaning up.
 *
 * @returns `undefined`, with nothing written, when the file is not small.
 * @throws {StemmaError} SOURCE_CHANGED, SOURCE_UNREADABLE, SOURCE_UNSUPPORTED; the system's own error for the target.
 */
export function ingestSmall(source: FileSource, target: string, mode: number, buffer: Uint8Array): Ingested | undefined {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const bytes = readSmall(source, buffer)
    if (bytes === 'changed') continue
    if (bytes === 'large') return undefined
    const ingested = ingestBytes(bytes, target, mode)
    // From the pool of buffers: thousands of allocations, each sent between threads by itself, took longer than the files.
    return source.headBytes ? { ...ingested, head: Buffer.from(bytes.subarray(0, source.headBytes)) } : ingested
  }
  throw sourceChanged(source, ATTEMPTS)
}

/** Writes bytes to a new target and hashes them, in one synchronous step. */
export function ingestBytes(bytes: Uint8Array, target: string, mode: number): Ingested {
  createFileSync(target, mode, (fd) => {
    writeFullySync(fd, bytes)
  })
  return { sha256: hash('sha256', bytes, 'hex'), sizeBytes: bytes.byteLength }
}

/**
 * Reads a small file whole, synchronously, into a buffer which has room for one byte more than it has.
 *
 * @returns a view of the buffer; `large` when the file does not fit, `changed` when it was written to meanwhile.
 * @throws {StemmaError} SOURCE_UNREADABLE, SOURCE_UNSUPPORTED.
 */
export function readSmall(source: FileSource, buffer: Uint8Array): Uint8Array | 'large' | 'changed' {
  const open = openSource(source)
  try {
    if (open.sizeBytes > SMALL_BYTES || open.sizeBytes >= buffer.byteLength) return 'large'
    const count = readFullySync(source, open.fd, buffer, open.sizeBytes + 1)
    return count === open.sizeBytes && isUnchanged(source, open) ? buffer.subarray(0, count) : 'changed'
  } finally {
    closeSync(open.fd)
  }
}

function readFullySync(source: FileSource, fd: number, buffer: Uint8Array, wanted: number): number {
  try {
    let filled = 0
    let count = 0
    do {
      count = readSync(fd, buffer, filled, wanted - filled, null)
      filled += count
      // All but one byte is the whole file, as long as it did not grow; a second read would only confirm it.
    } while (count > 0 && filled < wanted - 1)
    return filled
  } catch (error) {
    throw sourceUnreadable(source, error)
  }
}
