import { readdirSync, realpathSync, type Dirent } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { StemmaError } from '../errors/stemma-error.js'
import { inspectSource, unreadableSource, type InspectedSource, type SymlinkPolicy } from './inspect-source.js'

/** Most files that one version, or one folder of data, may have. */
export const MAX_FILES = 100_000

/** A file found in a folder. */
export interface WalkedFile {
  /** Path inside the folder, `/` as separator. Not yet checked. */
  relativePath: string
  /** Absolute. */
  path: string
  sizeBytes: number
}

/** Options of {@link walkFolder}. */
export interface WalkOptions {
  symlinks: SymlinkPolicy
  signal?: AbortSignal | undefined
}

const SKIPPED_NAMES = new Set(['.git', '.hg', '.svn', '.stemma'])
const STORE_NAMES = ['store.json', 'blobs', 'models']
// Between two slices other work of the process gets its turn; the file system is asked synchronously because that is several
// times faster for many small files.
const SLICE = 1_000
const MAX_PATH_LENGTH = 4_096

interface Folder {
  path: string
  prefix: string
  /** Real paths of this folder and those above it, to notice a link that leads back. */
  ancestors: readonly string[]
}

/**
 * All files in a folder and below, in no special order, hidden ones included. Left out are the folders of version control systems
 * (`.git`, `.hg`, `.svn`), `.stemma`, and stemma stores (a folder with store.json, blobs and models).
 *
 * @throws {StemmaError} SOURCE_UNREADABLE, SOURCE_UNSUPPORTED for special files, links that may not be followed and links that lead
 * back; TOO_LARGE for more than {@link MAX_FILES} files or folders.
 */
export async function walkFolder(path: string, options: WalkOptions): Promise<WalkedFile[]> {
  const root = realpathSync(path)
  const files: WalkedFile[] = []
  const folders: Folder[] = [{ path: root, prefix: '', ancestors: [root] }]
  let seenFolders = 0
  let looked = 0
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    if (++seenFolders > MAX_FILES) throw tooMany(root, 'folders')
    for (const entry of entriesOf(folder.path)) {
      if (++looked % SLICE === 0) await nextTurn()
      options.signal?.throwIfAborted()
      const relativePath = folder.prefix + entry.name
      if (relativePath.length > MAX_PATH_LENGTH) throw tooDeep(root, relativePath)
      const found = inspectSource(join(folder.path, entry.name), options.symlinks, root)
      if (found.kind === 'folder') folders.push(enter(folder, found, entry, relativePath))
      else if (files.push({ relativePath, path: found.path, sizeBytes: found.sizeBytes }) > MAX_FILES) throw tooMany(root, 'files')
    }
  }
  return files
}

function entriesOf(path: string): Dirent[] {
  let entries: Dirent[]
  try {
    entries = readdirSync(path, { withFileTypes: true })
  } catch (error) {
    throw unreadableSource(path, error)
  }
  const names = new Set(entries.map((entry) => entry.name))
  if (STORE_NAMES.every((name) => names.has(name))) return []
  return entries.filter((entry) => !SKIPPED_NAMES.has(entry.name))
}

function enter(folder: Folder, found: InspectedSource, entry: Dirent, relativePath: string): Folder {
  const link = join(folder.path, entry.name)
  if (entry.isSymbolicLink() && folder.ancestors.includes(found.path)) {
    throw new StemmaError('SOURCE_UNSUPPORTED', `${link} is a symbolic link to ${found.path}, a folder that it lies in`, {
      hint: 'Remove the link.',
      details: { path: link, target: found.path, kind: 'symbolic link' }
    })
  }
  return { path: found.path, prefix: `${relativePath}/`, ancestors: [...folder.ancestors, found.path] }
}

function tooMany(path: string, what: string): StemmaError {
  return new StemmaError('TOO_LARGE', `${path} has more than ${MAX_FILES} ${what}`, {
    hint: 'Pack small files into archives, or leave out those that the model does not need.',
    details: { path, limit: MAX_FILES }
  })
}

function tooDeep(path: string, relativePath: string): StemmaError {
  return new StemmaError('INVALID_PATH', `a path in ${path} is longer than ${MAX_PATH_LENGTH} characters`, {
    hint: 'Use fewer or shorter folder names.',
    details: { path, start: relativePath.slice(0, 200) }
  })
}
