import { types } from 'node:util'
import { closeSync, constants, fstatSync, lstatSync, openSync, type BigIntStats } from 'node:fs'
import { StemmaError } from '../errors/stemma-error.js'
import type { ByteSource } from './byte-source.js'
import { systemErrorCode, toStemmaError } from './system-error.js'

/** A {@link ByteSource} that is a file. */
export type FileSource = Extract<ByteSource, { kind: 'file' }>

/** A source file that is open for reading, and what it was when it was opened. */
export interface OpenSource {
  fd: number
  sizeBytes: number
  stamp: BigIntStats
}

// Not followed and not waited for: a link or a FIFO in place of the file must neither lead elsewhere nor hang the process.
// On Windows the last two are absent, which counts as 0.
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW

/**
 * Opens a source by the one descriptor that all of it is read from. The caller closes it.
 *
 * @throws {StemmaError} SOURCE_UNREADABLE when it is missing or access is denied; SOURCE_UNSUPPORTED when it is not a regular file.
 */
export function openSource(source: FileSource): OpenSource {
  let fd: number
  try {
    fd = openSync(source.path, OPEN_FLAGS)
  } catch (error) {
    throw openingFailed(source, error)
  }
  try {
    const stamp = fstatSync(fd, { bigint: true })
    if (!stamp.isFile()) throw unsupported(source, stamp)
    return { fd, sizeBytes: Number(stamp.size), stamp }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/**
 * Whether a source is still what it was when it was opened: the same content by all that the file system tells, under the same
 * path. Asked after the last read, while the descriptor is open: no other file can have its number then, so that what the path
 * leads to, when the number is the same, is what the descriptor shows.
 */
export function isUnchanged(source: FileSource, { stamp }: OpenSource): boolean {
  const now = lstatSync(source.path, { bigint: true, throwIfNoEntry: false })
  return (
    now !== undefined &&
    now.ino === stamp.ino &&
    now.dev === stamp.dev &&
    now.size === stamp.size &&
    now.mtimeNs === stamp.mtimeNs &&
    now.ctimeNs === stamp.ctimeNs
  )
}

/** The error for a source that was another one each time it was read. */
export function sourceChanged(source: FileSource, attempts: number): StemmaError {
  return new StemmaError('SOURCE_CHANGED', `${source.label} changed while it was read, ${attempts} times in a row: ${source.path}`, {
    hint: 'Log it when nothing writes to it any more, or log a copy.',
    details: { path: source.label, file: source.path, attempts }
  })
}

/** The error for a source whose bytes cannot be read. */
export function sourceUnreadable(source: ByteSource, error: unknown): StemmaError {
  const code = systemErrorCode(error)
  const why = code ?? (types.isNativeError(error) ? error.message : 'unknown reason')
  const file = source.kind === 'file' ? source.path : undefined
  return new StemmaError('SOURCE_UNREADABLE', `${source.label} cannot be read: ${why}${file === undefined ? '' : ` at ${file}`}`, {
    hint: code === 'ENOENT' ? 'Check the path.' : 'Check that it can be read by this process.',
    details: { path: source.label, file, systemCode: code },
    cause: error
  })
}

function openingFailed(source: FileSource, error: unknown): unknown {
  const code = systemErrorCode(error)
  if (code === 'EMFILE' || code === 'ENFILE') return toStemmaError(error, `cannot open ${source.label}`, source.path)
  // ELOOP: a symbolic link, EMLINK: the same on FreeBSD, ENXIO: a socket.
  if (code === 'ELOOP' || code === 'EMLINK' || code === 'ENXIO' || code === 'EOPNOTSUPP') {
    const stats = lstatSync(source.path, { bigint: true, throwIfNoEntry: false })
    if (stats !== undefined && !stats.isFile()) return unsupported(source, stats)
  }
  return sourceUnreadable(source, error)
}

function unsupported(source: FileSource, stats: BigIntStats): StemmaError {
  const found = kindOf(stats)
  return new StemmaError('SOURCE_UNSUPPORTED', `${source.label} is ${found}, and only regular files can be stored: ${source.path}`, {
    hint: found === 'a symbolic link' ? 'Name the file that it points to.' : 'Name a regular file, or pass its content as bytes or as a stream.',
    details: { path: source.label, file: source.path, found }
  })
}

function kindOf(stats: BigIntStats): string {
  if (stats.isSymbolicLink()) return 'a symbolic link'
  if (stats.isDirectory()) return 'a folder'
  if (stats.isFIFO()) return 'a FIFO'
  if (stats.isSocket()) return 'a socket'
  return 'a device'
}
