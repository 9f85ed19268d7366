import { chmodSync, closeSync, constants, ftruncateSync, lstatSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, unlinkSync, writeSync, writev } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closeLater, syncContent } from '../../io/descriptor.js'
import { syncFolder } from '../../io/make-folder.js'
import { openRead } from '../../io/open-read.js'
import { systemErrorCode } from '../../io/system-error.js'

/** A file that a chunk is written to. */
export interface OpenUploadFile {
  /** Writes all bytes from `position` on, in the thread pool; they must not change until it returns. */
  write(pieces: readonly Uint8Array[], position: number): Promise<void>
  /** Makes what was written durable. */
  sync(): Promise<void>
  /** Cuts off what lies after `sizeBytes`. */
  truncate(sizeBytes: number): void
  close(): Promise<void>
}

/**
 * The folder in which uploads gather, flat. Narrow, so that tests can make each step fail. Errors are those of the operating system.
 */
export interface UploadFiles {
  pathOf(name: string): string
  list(): string[]
  exists(name: string): boolean
  /** Creates an empty file, private; its name must be free. */
  create(name: string): void
  /** Opens a file for writing. ENOENT when it is gone: it is never made anew. */
  open(name: string): OpenUploadFile
  /** Writes a line at the end of a file that must be there. */
  append(name: string, line: string, sync: boolean): Promise<void>
  /** A whole small file, `undefined` when it is gone. */
  read(name: string): Uint8Array | undefined
  /** Bytes of a file, each chunk memory of its own. */
  openRange(name: string, start: number, end: number): AsyncIterable<Uint8Array>
  setMode(name: string, mode: number): void
  /** Removes a file; gone already is success. */
  remove(name: string): void
  /** Makes the names in the folder durable. */
  sync(): Promise<void>
  /** Removes the folder where it was made for this process only. */
  close(): void
}

/** Opens the folder of uploads; without one, it is a private one that ends with this process. */
export async function openUploadFiles(folder: string | undefined): Promise<UploadFiles> {
  const root = folder ?? (await mkdtemp(join(tmpdir(), 'stemma-uploads-')))
  // It has to be there already; where it got lost, as empty folders do, it is made again.
  if (folder !== undefined) mkdirSync(root, { recursive: true, mode: 0o700 })
  const pathOf = (name: string): string => join(root, name)
  return {
    pathOf,
    list: () => readdirSync(root),
    exists: (name) => lstatSync(pathOf(name), { throwIfNoEntry: false }) !== undefined,
    create: (name) => {
      closeSync(openSync(pathOf(name), 'wx', 0o600))
    },
    open: (name) => openForWriting(pathOf(name)),
    append: (name, line, sync) => append(pathOf(name), line, sync),
    read: (name) => ifThere(() => readFileSync(pathOf(name))),
    openRange: (name, start, end) => rangeOf(pathOf(name), start, end),
    setMode: (name, mode) => {
      chmodSync(pathOf(name), mode)
    },
    remove: (name) => {
      ifThere(() => {
        unlinkSync(pathOf(name))
      })
    },
    sync: () => syncFolder(root),
    close: () => {
      if (folder === undefined) rmSync(root, { recursive: true, force: true })
    }
  }
}

// What lies there was made by this process; a link that another put there is not followed.
const WRITE_FLAGS = constants.O_RDWR | constants.O_NOFOLLOW

function openForWriting(path: string): OpenUploadFile {
  const fd = openSync(path, WRITE_FLAGS)
  return {
    write: (pieces, position) => writeAll(fd, pieces, position),
    sync: () => syncContent(fd),
    truncate: (sizeBytes) => {
      ftruncateSync(fd, sizeBytes)
    },
    close: () => closeLater(fd)
  }
}

async function writeAll(fd: number, pieces: readonly Uint8Array[], position: number): Promise<void> {
  let rest = pieces
  let at = position
  while (rest.length > 0) {
    const written = await new Promise<number>((resolve, reject) => {
      writev(fd, rest, at, (error, count) => {
        if (error === null) resolve(count)
        else reject(error)
      })
    })
    at += written
    rest = dropBytes(rest, written)
  }
}

/** What is left of pieces after their first bytes; a disk may take fewer than it was given. */
function dropBytes(pieces: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let left = count
  for (const [index, piece] of pieces.entries()) {
    if (left < piece.byteLength) return [piece.subarray(left), ...pieces.slice(index + 1)]
    left -= piece.byteLength
  }
  return []
}

async function append(path: string, line: string, sync: boolean): Promise<void> {
  const fd = openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW)
  try {
    const bytes = Buffer.from(line)
    for (let written = 0; written < bytes.byteLength; ) written += writeSync(fd, bytes, written)
    if (sync) await syncContent(fd)
  } finally {
    closeSync(fd)
  }
}

async function* rangeOf(path: string, start: number, end: number): AsyncGenerator<Uint8Array> {
  let left = end - start
  for await (const chunk of openRead(path, { start })) {
    if (left <= 0) return
    yield chunk.subarray(0, left)
    left -= chunk.byteLength
    if (left <= 0) return
  }
}

function ifThere<T>(step: () => T): T | undefined {
  try {
    return step()
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error
    return undefined
  }
}
