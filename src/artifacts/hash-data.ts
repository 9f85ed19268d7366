import { lstatSync } from 'node:fs'
import { StemmaError } from '../errors/stemma-error.js'
import type { StoreFs } from '../io/store-fs.js'
import { formatOf, roleOf } from '../record/artifact-format.js'
import { buildManifest, manifestDigest } from '../record/manifest.js'
import type { Digest } from '../schemas/digest.js'
import type { CallOptions } from '../util/options.js'
import { collectSources } from './collect-sources.js'
import { inspectSource } from './inspect-source.js'

/** Bytes of a file or folder, hashed. */
export interface HashedData {
  digest: Digest
  sizeBytes: number
}

/**
 * Hashes data where it lies. A file gives the sha256 of its bytes; a folder the sha256 of its canonical listing, which is the
 * digest that a version made of these files would have. Links are followed as long as they stay inside the folder.
 *
 * @param path - absolute.
 * @throws {StemmaError} SOURCE_UNREADABLE, SOURCE_UNSUPPORTED, SOURCE_CHANGED; INVALID_PATH for names that do not travel; TOO_LARGE
 * for more than 100,000 files.
 */
export async function hashData(path: string, fs: StoreFs, options: CallOptions): Promise<HashedData> {
  const found = inspectSource(path, 'follow')
  if (found.kind === 'file') {
    const [hashed] = await hashFiles([{ name: path, path: found.path }], fs, options)
    if (hashed === undefined) throw changed(path)
    return hashed
  }
  const collected = await collectSources(found.path, { directory: found.path, symlinks: 'follow', signal: options.signal })
  const files = collected.flatMap(({ path: name, source }) => (source.kind === 'file' ? [{ name, path: source.path }] : []))
  const hashed = await hashFiles(files, fs, options)
  const manifest = buildManifest(
    collected.flatMap(({ path: name, format = formatOf(name) }, index) => {
      const file = hashed[index]
      return file ? [{ path: name, format, role: roleOf(name, format), ...file }] : []
    })
  )
  return { digest: manifestDigest(manifest), sizeBytes: hashed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) }
}

async function hashFiles(files: readonly { name: string; path: string }[], fs: StoreFs, options: CallOptions): Promise<HashedData[]> {
  const before = files.map(({ path }) => stampOf(path))
  const hashes = await fs.hash(files.map(({ path }) => path), options)
  return files.map(({ name, path }, index) => {
    const stamp = before[index]
    const hash = hashes[index]
    if (stamp === undefined || hash === undefined || stampOf(path)?.text !== stamp.text) throw changed(name)
    return { digest: `sha256:${hash}`, sizeBytes: stamp.sizeBytes }
  })
}

function stampOf(path: string): { text: string; sizeBytes: number } | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return stats && { text: `${stats.size} ${stats.mtimeNs} ${stats.ctimeNs} ${stats.ino}`, sizeBytes: Number(stats.size) }
}

function changed(path: string): StemmaError {
  return new StemmaError('SOURCE_CHANGED', `${path} changed while it was hashed`, {
    hint: 'Log it when nothing writes to it any more, or give the digest of the data set.',
    details: { path }
  })
}
