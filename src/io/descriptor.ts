import { close as closeInPool, closeSync, fdatasync, fsync, openSync, read, unlinkSync, write, writeSync } from 'node:fs'
import { systemErrorCode } from './system-error.js'

/** Reads in the thread pool until the buffer is full or the file ends; gives the number of bytes. */
export async function readFully(fd: number, buffer: Uint8Array, position: number): Promise<number> {
  let filled = 0
  while (filled < buffer.byteLength) {
    const count = await new Promise<number>((resolve, reject) => {
      read(fd, buffer, filled, buffer.byteLength - filled, position + filled, (error, bytesRead) => {
        if (error === null) resolve(bytesRead)
        else reject(error)
      })
    })
    if (count === 0) break
    filled += count
  }
  return filled
}

/** Writes all bytes in the thread pool, at the place where the descriptor stands. */
export async function writeFully(fd: number, bytes: Uint8Array): Promise<void> {
  let written = 0
  while (written < bytes.byteLength) {
    written += await new Promise<number>((resolve, reject) => {
      write(fd, bytes, written, bytes.byteLength - written, null, (error, count) => {
        if (error === null) resolve(count)
        else reject(error)
      })
    })
  }
}

/** Writes all bytes, synchronously. */
export function writeFullySync(fd: number, bytes: Uint8Array): void {
  let written = 0
  while (written < bytes.byteLength) written += writeSync(fd, bytes, written, bytes.byteLength - written)
}

/** Makes the content that a descriptor shows durable, with its size, but not its times. */
export function syncContent(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(fd, (error) => {
      if (error === null) resolve()
      else reject(error)
    })
  })
}

/** Makes all that a descriptor shows durable: for a folder, its names. */
export function syncAll(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fsync(fd, (error) => {
      if (error === null) resolve()
      else reject(error)
    })
  })
}

/** Closes in the thread pool, because closing a large new file may start to write it back. */
export function closeLater(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    closeInPool(fd, (error) => {
      if (error === null) resolve()
      else reject(error)
    })
  })
}

/**
 * Creates a file, whose path must be free, lets `fill` write it, and closes it; it is gone again if that fails.
 *
 * @param close how to close; `closeSync` for what is small or already synced, where it takes no time.
 */
export async function createFile(
  path: string,
  mode: number,
  fill: (fd: number) => Promise<void>,
  close: (fd: number) => Promise<void> | void = closeLater
): Promise<void> {
  const fd = openSync(path, 'wx', mode)
  try {
    await fill(fd)
  } catch (error) {
    closeQuietly(fd)
    unlinkQuietly(path)
    throw error
  }
  try {
    await close(fd)
  } catch (error) {
    unlinkQuietly(path)
    throw error
  }
}

/** {@link createFile} for small content, synchronously. */
export function createFileSync(path: string, mode: number, fill: (fd: number) => void): void {
  const fd = openSync(path, 'wx', mode)
  try {
    fill(fd)
  } catch (error) {
    closeQuietly(fd)
    unlinkQuietly(path)
    throw error
  }
  try {
    closeSync(fd)
  } catch (error) {
    unlinkQuietly(path)
    throw error
  }
}

/** Removes a file that may be gone already; for cleaning up after another failure, which is the one to report. */
export function unlinkQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
  }
}

function closeQuietly(fd: number): void {
  try {
    closeSync(fd)
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
  }
}

/** The promise itself, which is awaited later: a failure before that is no unhandled rejection, which would end the process. */
export function handledLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}
