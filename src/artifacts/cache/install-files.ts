import { renameSync } from 'node:fs'
import { join } from 'node:path'
import type { TransferOptions } from '../../util/options.js'
import type { BytesOrigin, WantedFile } from '../fetched-bytes.js'
import { openPartialFiles } from '../partial-files.js'
import { writeVerified } from '../write-verified.js'
import type { CacheContext } from './cache-context.js'
import { fingerprintOf, isSameFile } from './fingerprint.js'
import { displace, folderMaker, isSomething, joinLogical, parentOf } from './real-folders.js'
import type { VerifiedFile } from './verification-record.js'

/** What {@link installFiles} is told. */
export interface InstallOptions extends TransferOptions {
  origin: BytesOrigin
  /** Private folder on the same disk; removed afterwards by the caller. */
  staging: string
  /** Folder of the files, from the base of the cache. */
  folder: string
  /** Called for each file that lies in its place, verified. */
  onInstalled: (file: WantedFile, verified: VerifiedFile) => void
}

// Read-only, so that a program that serves the model does not edit it by accident. Windows would refuse to replace such a file.
const MODE = process.platform === 'win32' ? 0o600 : 0o444

/** Writes files to the staging folder, checks them, and moves each to its place in the cache as soon as it is right. */
export async function installFiles(cache: CacheContext, files: readonly WantedFile[], options: InstallOptions): Promise<void> {
  const { base } = cache.layout
  const folders = folderMaker(base, options.staging)
  const boot = cache.sync ? cache.bootId() : undefined
  const items = files.map((file, index) => ({ file, target: join(options.staging, String(index)) }))
  await writeVerified(items, {
    fs: cache.fs,
    sync: cache.sync && boot === undefined,
    mode: MODE,
    origin: options.origin,
    partials: openPartialFiles(cache.layout.partial, cache.sources),
    signal: options.signal,
    onProgress: options.onProgress,
    onVerified: ({ file, target }) => {
      const folder = folders.make(joinLogical(options.folder, parentOf(file.path)))
      const place = join(folder, file.path.slice(file.path.lastIndexOf('/') + 1))
      const before = fingerprintOf(target)
      // A file or a link there is replaced by the move; a folder has to go first.
      if (fingerprintOf(place) === undefined && isSomething(place)) displace(place, options.staging)
      renameSync(target, place)
      const fingerprint = fingerprintOf(place)
      if (fingerprint !== undefined && isSameFile(before, fingerprint)) options.onInstalled(file, { fingerprint, digest: file.digest, boot })
    }
  })
  folders.confirm()
}
