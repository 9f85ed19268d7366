import { lstatSync, realpathSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { StemmaError } from '../../errors/stemma-error.js'
import { makeFoldersSync } from '../../io/make-folder.js'

/** What lies where a folder should be. */
export type FolderState = 'real' | 'absent' | 'other'

/**
 * Tells of folders (`a/b`, from the base) whether they and all above them are real ones, no links. Files are only trusted below
 * such folders: a link would lead elsewhere. Each folder is looked at once.
 *
 * @param base - absolute path of a real folder.
 */
export function folderStates(base: string): (folder: string) => FolderState {
  const known = new Map<string, FolderState>()
  const stateOf = (folder: string): FolderState => {
    if (folder === '') return 'real'
    const cached = known.get(folder)
    if (cached !== undefined) return cached
    const above = stateOf(parentOf(folder))
    const state = above === 'real' ? lookAt(join(base, folder)) : above
    known.set(folder, state)
    return state
  }
  return stateOf
}

/** Makes the folders that files are written into. */
export interface FolderMaker {
  /**
   * Makes a folder (`a/b`, from the base) and what is missing above it. What is in the way, a link or a file, is displaced.
   *
   * @returns its absolute path.
   */
  make(folder: string): string
  /** After writing: whether all folders that were made still are where they should be. @throws {StemmaError} ACCESS_DENIED */
  confirm(): void
}

/**
 * @param base - absolute path of a real folder.
 * @param displaced - folder that gets what was in the way; it is removed afterwards.
 */
export function folderMaker(base: string, displaced: string): FolderMaker {
  const made = new Set<string>()
  const make = (folder: string): string => {
    const path = join(base, folder)
    if (folder === '' || made.has(folder)) return path
    make(parentOf(folder))
    if (!isFolder(path)) {
      if (isSomething(path)) displace(path, displaced)
      // Another process may make it at the same time; so it is no error if it is there, but it is looked at again.
      makeFoldersSync(path, 0o700)
      if (!isFolder(path)) throw leadsElsewhere(path)
    }
    made.add(folder)
    return path
  }
  const confirm = (): void => {
    const realBase = realpathSync(base)
    for (const folder of made) {
      if (realpathSync(join(base, folder)) !== join(realBase, folder)) throw leadsElsewhere(join(base, folder))
    }
  }
  return { make, confirm }
}

/** Moves whatever lies at a path into a folder that is removed afterwards; of a link, itself, not what it points to. */
export function displace(path: string, into: string): void {
  renameSync(path, join(into, `displaced-${lstatSync(path).ino}`))
}

/** Whether anything is there: a file, a folder, a link, even one that leads nowhere. */
export function isSomething(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

/** The folder of a logical path: `a/b` of `a/b/c`, the empty text of `c`. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** Joins logical folders; the empty text is none. */
export function joinLogical(folder: string, below: string): string {
  return below === '' ? folder : `${folder}/${below}`
}

function lookAt(path: string): FolderState {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (!stats) return 'absent'
  return stats.isDirectory() ? 'real' : 'other'
}

function isFolder(path: string): boolean {
  return lookAt(path) === 'real'
}

function leadsElsewhere(path: string): StemmaError {
  return new StemmaError('ACCESS_DENIED', `${path} was replaced by something else while files were written into it`, {
    hint: 'Somebody else changes the cache folder; set STEMMA_CACHE to a folder of your own.',
    details: { path }
  })
}
