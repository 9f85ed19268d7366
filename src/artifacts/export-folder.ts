import { lstatSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { nodeStoreFs } from '../io/node-store-fs.js'
import type { StoreFs } from '../io/store-fs.js'
import { toStemmaError } from '../io/system-error.js'
import type { TransferOptions } from '../util/options.js'
import { checkDestination } from './check-destination.js'
import { checkManifest } from './check-manifest.js'
import type { BytesOrigin, WantedFile } from './fetched-bytes.js'
import { selectFiles, type FileSelection } from './select-files.js'
import { writeVerified } from './write-verified.js'

/** Which version is wanted in a folder of its own, and where its bytes come from. */
export interface ExportRequest extends FileSelection, BytesOrigin, TransferOptions {
  /** Digest of the version. */
  digest: string
  /** Absolute folder that a relative destination starts at. */
  directory: string
  /** Replace a destination that is not empty, as a whole. @default false */
  overwrite?: boolean | undefined
  /** Absolute folders that hold what must not be lost or mixed up: nothing is written into them, and they are not replaced. @default none */
  keep?: readonly string[] | undefined
  /** What writes files. @default the file system of this machine */
  fs?: StoreFs | undefined
}

/** A version whose files lie in a folder of their own. */
export interface Exported {
  /** Absolute. */
  dir: string
  /** Logical paths of its files. */
  paths: string[]
}

/** What was in the destination before, while it is in the staging folder. */
const OLD = 'old'

/**
 * Writes the files of a version into a folder of their own, which appears as a whole: everything is written into a private folder
 * beside it, checked and made durable, and that is then renamed. On failure nothing is left. With `overwrite` the old folder is
 * moved aside first and removed afterwards; for a moment in between there is none.
 *
 * @throws {StemmaError} DESTINATION_EXISTS for a file, a link, or, without `overwrite`, a folder that is not empty, and always for
 * one that holds the working folder, the home folder, a git repository or a registry, however deep, or lies inside a registry; DIGEST_MISMATCH, INVALID_PATH, NOT_FOUND as
 * `ModelCache.materialize`; NO_SPACE, READ_ONLY, ACCESS_DENIED, IO.
 */
export async function exportTo(into: string, request: ExportRequest): Promise<Exported> {
  request.signal?.throwIfAborted()
  const dir = resolve(request.directory, into)
  try {
    checkDestination(dir, request)
    checkManifest(request.artifacts, request.digest)
    const files = await selectFiles(request)
    await exportFiles(dir, files, request)
    return { dir, paths: files.map(({ path }) => path) }
  } catch (error) {
    throw toStemmaError(error, `cannot write the model to ${dir}`)
  }
}

async function exportFiles(dir: string, files: readonly WantedFile[], request: ExportRequest): Promise<void> {
  const fs = request.fs ?? nodeStoreFs
  const parent = dirname(dir)
  await fs.makeFolder(parent, { mode: 0o777, sync: true })
  // Private (0700) while it is incomplete; the folder inside gets the permissions that the user's umask gives.
  const staging = mkdtempSync(join(realpathSync(parent), `.${basename(dir).slice(0, 100)}.stemma-`))
  try {
    const content = join(staging, 'content')
    const folders = makeFolders(content, files)
    const items = files.map((file) => ({ file, target: join(content, file.path) }))
    const { signal, onProgress } = request
    await writeVerified(items, { fs, origin: request, mode: 0o666, sync: true, signal, onProgress })
    for (const folder of folders.toReversed()) await fs.syncFolder(folder)
    signal?.throwIfAborted()
    moveIntoPlace(content, dir, staging, request)
    await fs.syncFolder(parent).catch((error: unknown) => {
      takeBack(dir, staging)
      throw error
    })
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/** Makes a new folder and those that the files need in it. Inside it nothing else exists, so nothing can be in the way. */
function makeFolders(content: string, files: readonly WantedFile[]): string[] {
  mkdirSync(content)
  const folders = new Set([content])
  for (const { path } of files) {
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
      const folder = join(content, path.slice(0, end))
      if (folders.has(folder)) continue
      mkdirSync(folder)
      folders.add(folder)
    }
  }
  return [...folders]
}

function moveIntoPlace(content: string, dir: string, staging: string, request: ExportRequest): void {
  const state = checkDestination(dir, request)
  if (state === 'absent') {
    renameSync(content, dir)
    return
  }
  if (state === 'empty') {
    rmdirSync(dir)
    renameSync(content, dir)
    return
  }
  const old = join(staging, OLD)
  renameSync(dir, old)
  try {
    renameSync(content, dir)
  } catch (error) {
    renameSync(old, dir)
    throw error
  }
}

/** A call that fails leaves what was there before, so that it can be made again. */
function takeBack(dir: string, staging: string): void {
  renameSync(dir, join(staging, 'content'))
  if (lstatSync(join(staging, OLD), { throwIfNoEntry: false })) renameSync(join(staging, OLD), dir)
}
