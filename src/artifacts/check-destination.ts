import { existsSync, lstatSync, readdirSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { StemmaError } from '../errors/stemma-error.js'
import { findKeptFolder, isStore } from './find-kept-folder.js'
import { isInside } from './inspect-source.js'
import { MAX_FILES } from './walk-folder.js'

/** What {@link checkDestination} goes by. */
export interface DestinationRules {
  /** The working folder. */
  directory: string
  /** Replace a folder that is not empty. */
  overwrite?: boolean | undefined
  /** Absolute folders that hold what must not be lost or mixed up. */
  keep?: readonly string[] | undefined
}

/**
 * Looks at where a model is to be written, and refuses what would lose something else.
 *
 * @throws {StemmaError} DESTINATION_EXISTS
 */
export function checkDestination(dir: string, { directory, overwrite = false, keep = [] }: DestinationRules): 'absent' | 'empty' | 'full' {
  const real = realPlace(dir)
  const kept = keep.map(realPlace)
  if (foldersAbove(real).some(isStore) || kept.some((folder) => isInside(folder, real))) {
    throw exists(dir, 'lies inside a registry, the cache or the outbox', 'Name a folder elsewhere.')
  }
  const stats = lstatSync(dir, { throwIfNoEntry: false })
  if (!stats) return 'absent'
  if (!stats.isDirectory()) {
    throw exists(dir, stats.isSymbolicLink() ? 'is a symbolic link' : 'is a file', 'Name a folder that is not there yet.')
  }
  const names = readdirSync(dir)
  if (names.length === 0) return 'empty'
  if (!overwrite) {
    throw exists(dir, 'is a folder with files in it', 'Name an empty or a new folder, or say overwrite: true to replace all of it.')
  }
  const precious = [realPlace(directory), realPlace(homedir()), ...kept.filter((folder) => existsSync(folder))]
  const isPrecious = precious.some((folder) => isInside(real, folder)) || names.includes('store.json') || names.includes('queued.json')
  if (isPrecious || foldersAbove(real).some((folder) => basename(folder) === '.git')) {
    const what = 'holds the working folder, the home folder, a git repository or a registry'
    throw exists(dir, what, 'Replacing it would remove these; name a folder for the model alone.')
  }
  const found = findKeptFolder(real)
  if (found) {
    const what = found.kind === 'too much' ? `more than ${MAX_FILES} files or folders, which no model has` : `a ${found.kind}, ${found.path}`
    throw exists(dir, `holds ${what}`, 'Replacing it would remove that; name a folder for the model alone.')
  }
  return 'full'
}

/** A path without links, as far as it is there. */
function realPlace(path: string): string {
  const above = dirname(path)
  return existsSync(path) ? realpathSync(path) : above === path ? path : join(realPlace(above), basename(path))
}

function foldersAbove(path: string): string[] {
  const above = dirname(path)
  return above === path ? [] : [above, ...foldersAbove(above)]
}

function exists(dir: string, what: string, hint: string): StemmaError {
  return new StemmaError('DESTINATION_EXISTS', `the model cannot be written to ${dir}: it ${what}`, { hint, details: { path: dir } })
}
