import { closeSync, fstatSync, linkSync, lstatSync, openSync, readdirSync, readSync, renameSync, rmdirSync, unlinkSync, utimesSync, constants } from 'node:fs'
import { StemmaError } from '../errors/stemma-error.js'
import { systemSources, type Sources } from '../util/sources.js'
import { closeLater, createFile, readFully, syncContent, writeFully, writeFullySync } from './descriptor.js'
import { createFlush } from './flush.js'
import { hashPaths } from './hash-paths.js'
import { ingest } from './ingest.js'
import { isOnLocalFileSystem } from './local-file-systems.js'
import { makeFolder, syncFolder } from './make-folder.js'
import { openRead } from './open-read.js'
import type { StoreFs } from './store-fs.js'
import { syncContents } from './sync-contents.js'
import { systemErrorCode } from './system-error.js'
import { waitForChange } from './wait-for-change.js'

/** Up to this size bytes are read and written synchronously. */
const SYNCHRONOUS_BYTES = 1_048_576
/** Far above every file that is read whole: events, manifests, snapshots, records. */
const MAX_WHOLE_BYTES = 268_435_456

/**
 * The file system of this machine. Whatever takes microseconds is done synchronously, for a turn of the thread pool costs ten
 * times that; bytes in number, and flushes where the disk is slow, are asynchronous, so that the event loop stays free.
 *
 * @param sources times the waiting of `waitForChange`, flushes, and the pauses that long work makes.
 */
export function createNodeStoreFs(sources: Sources): StoreFs {
  const flush = createFlush(sources)
  return {
    readFile: wholeFile,
    exists: (path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined,
    stat: settled((path) => {
      const stats = lstatSync(path, { throwIfNoEntry: false })
      return stats === undefined ? undefined : { sizeBytes: stats.size, mtimeMs: stats.mtimeMs, isFile: stats.isFile() }
    }),
    list: settled(names),
    writeNew: (path, bytes, { mode, sync }) => {
      const isSmall = bytes.byteLength <= SYNCHRONOUS_BYTES
      const fill = async (fd: number): Promise<void> => {
        if (isSmall) writeFullySync(fd, bytes)
        else await writeFully(fd, bytes)
        if (!sync) return
        await (isSmall ? flush(fd, 'content') : syncContent(fd))
      }
      return createFile(path, mode, fill, isSmall || sync ? closeSync : closeLater)
    },
    ingest: (items, options) => ingest(items, options, sources),
    hash: (paths, options) => hashPaths(paths, options, sources),
    openRead,
    link: settled(linkSync),
    rename: settled(renameSync),
    unlink: settled(unlinkSync),
    removeFolder: settled(rmdirSync),
    makeFolder: (path, options) => makeFolder(path, options, flush),
    syncFolder: (path) => syncFolder(path, flush),
    syncFiles: syncContents,
    touch: settled((path, timeMs) => {
      utimesSync(path, timeMs / 1000, timeMs / 1000)
    }),
    isLocal: isOnLocalFileSystem,
    waitForChange: (path, options) => waitForChange(path, options, sources)
  }
}

/** {@link createNodeStoreFs} on the machine's own clock. */
export const nodeStoreFs: StoreFs = createNodeStoreFs(systemSources)

/** Makes a synchronous step asynchronous in form only: its failure is a rejection. */
function settled<A extends readonly unknown[], R>(step: (...args: A) => R): (...args: A) => Promise<R> {
  // eslint-disable-next-line @typescript-eslint/require-await
  return async (...args) => step(...args)
}

async function wholeFile(path: string): Promise<Uint8Array | undefined> {
  let fd: number
  try {
    // Not waited for: a FIFO where a file belongs must not hang the process.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
  try {
    const { size } = fstatSync(fd)
    if (size > SYNCHRONOUS_BYTES) return await readLarge(fd, size, path)
    const bytes = new Uint8Array(size)
    let filled = 0
    for (let count = -1; count !== 0 && filled < size; filled += count) count = readSync(fd, bytes, filled, size - filled, filled)
    return bytes.subarray(0, filled)
  } finally {
    closeSync(fd)
  }
}

async function readLarge(fd: number, size: number, path: string): Promise<Uint8Array> {
  if (size > MAX_WHOLE_BYTES) {
    throw new StemmaError('TOO_LARGE', `${path} has ${size} bytes; stemma writes no such file, and reads at most ${MAX_WHOLE_BYTES} at once`, {
      hint: 'Something else wrote it: restore it from a backup.',
      details: { path, sizeBytes: size, limit: MAX_WHOLE_BYTES }
    })
  }
  const bytes = new Uint8Array(size)
  return bytes.subarray(0, await readFully(fd, bytes, 0))
}

function names(path: string): string[] {
  try {
    return readdirSync(path)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return []
    throw error
  }
}
