import { types } from 'node:util'
import { lstatSync, realpathSync, type Stats } from 'node:fs'
import { relative, isAbsolute, sep } from 'node:path'
import { StemmaError } from '../errors/stemma-error.js'

/** What to do about symbolic links in a source: refuse them, or follow those that stay inside the folder that was given. */
export type SymlinkPolicy = 'error' | 'follow'

/** A file or folder on disk, looked at. */
export interface InspectedSource {
  kind: 'file' | 'folder'
  /** Absolute; with links resolved, if one was followed. */
  path: string
  sizeBytes: number
}

/**
 * Looks at one file or folder.
 *
 * @param root - absolute real path that a followed link must not leave; `undefined` for a source that the caller named itself.
 * @throws {StemmaError} SOURCE_UNREADABLE when it is missing or access is denied; SOURCE_UNSUPPORTED for a link that is not to be
 * followed, a socket, a device or a FIFO.
 */
export function inspectSource(path: string, symlinks: SymlinkPolicy, root?: string): InspectedSource {
  const stats = statOf(path, () => lstatSync(path))
  if (!stats.isSymbolicLink()) return inspected(path, stats)
  const real = statOf(path, () => realpathSync(path))
  if (symlinks === 'error') {
    throw new StemmaError('SOURCE_UNSUPPORTED', `${path} is a symbolic link to ${real}; links are not followed`, {
      hint: 'Name the file that it points to, or say symlinks: "follow".',
      details: { path, target: real, kind: 'symbolic link' }
    })
  }
  if (root !== undefined && !isInside(root, real)) {
    throw new StemmaError('SOURCE_UNSUPPORTED', `${path} is a symbolic link to ${real}, outside of ${root}`, {
      hint: 'Only links that stay inside the folder are followed; copy the file into it.',
      details: { path, target: real, root, kind: 'symbolic link' }
    })
  }
  return inspected(real, statOf(path, () => lstatSync(real)))
}

/** Whether `path` is `root` or lies below it; both absolute. */
export function isInside(root: string, path: string): boolean {
  const way = relative(root, path)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}

function inspected(path: string, stats: Stats): InspectedSource {
  if (stats.isFile()) return { kind: 'file', path, sizeBytes: stats.size }
  if (stats.isDirectory()) return { kind: 'folder', path, sizeBytes: 0 }
  const kind = kindOf(stats)
  throw new StemmaError('SOURCE_UNSUPPORTED', `${path} is a ${kind}; only files and folders can be stored`, {
    hint: 'Leave it out, or give its content as a stream.',
    details: { path, kind }
  })
}

function kindOf(stats: Stats): string {
  if (stats.isSocket()) return 'socket'
  if (stats.isFIFO()) return 'FIFO'
  return stats.isBlockDevice() || stats.isCharacterDevice() ? 'device' : 'special file'
}

function statOf<T>(path: string, look: () => T): T {
  try {
    return look()
  } catch (error) {
    throw unreadableSource(path, error)
  }
}

/** The error for a source that the operating system does not let us read. */
export function unreadableSource(path: string, cause: unknown): StemmaError {
  const code = types.isNativeError(cause) && 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT' && path.includes('\uFFFD')) {
    return new StemmaError('INVALID_PATH', `the name of ${path} is not valid UTF-8`, {
      hint: 'Rename the file.',
      details: { path },
      cause
    })
  }
  const reasons: Record<string, [string, string]> = {
    ENOENT: ['does not exist', 'Check the spelling; relative paths start at the working folder, or at the folder given as directory.'],
    ENOTDIR: ['does not exist: a part of its path is a file', 'Check the spelling.'],
    EACCES: ['cannot be read: access is denied', 'Change its permissions, or run as a user who may read it.'],
    EPERM: ['cannot be read: access is denied', 'Change its permissions, or run as a user who may read it.'],
    ELOOP: ['is a symbolic link that leads to itself', 'Remove the link.']
  }
  const [reason, hint] = (typeof code === 'string' ? reasons[code] : undefined) ?? [`cannot be read (${String(code)})`, 'Check the disk.']
  return new StemmaError('SOURCE_UNREADABLE', `${path} ${reason}`, { hint, details: { path, systemCode: code }, cause })
}
