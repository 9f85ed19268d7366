import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { StemmaError } from '../../errors/stemma-error.js'

/**
 * The places of a cache folder:
 *
 * ```
 * v1/sha256/<hex>/files/<path>     the artifacts of one version, read-only
 * v1/sha256/<hex>/manifest.json    its manifest: canonical bytes, whose sha256 is <hex>
 * v1/sha256/<hex>/verified.json    fingerprints of the files when they were last verified; its mtime is the time of the last use
 * v1/resolutions/<hex>.json        what a reference meant the last time that the registry answered
 * v1/digests/<hex>.json            what the files of a folder were when they were last hashed, for sending them
 * v1/partial/<hex>.<random>        a large artifact on its way, <hex> being its digest; a later call goes on with it
 * v1/tmp/<random>/                 files on their way; nothing here is ever read again
 * ```
 */
export interface CacheLayout {
  /** The cache folder itself. */
  root: string
  /** `<root>/v1`. */
  base: string
  versions: string
  resolutions: string
  digests: string
  partial: string
  temporary: string
  version(digest: string): VersionPlace
  resolution(key: string): string
}

/** The places of one version in a cache. */
export interface VersionPlace {
  folder: string
  files: string
  manifest: string
  record: string
  /** `sha256/<hex>/files`, from `base`. */
  filesFromBase: string
}

const DIGEST = /^sha256:([0-9a-f]{64})$/

/** @param root - absolute path of the cache folder. */
export function cacheLayout(root: string): CacheLayout {
  const base = join(root, 'v1')
  return {
    root,
    base,
    versions: join(base, 'sha256'),
    resolutions: join(base, 'resolutions'),
    digests: join(base, 'digests'),
    partial: join(base, 'partial'),
    temporary: join(base, 'tmp'),
    version: (digest) => versionPlace(base, hexOf(digest)),
    resolution: (key) => join(base, 'resolutions', `${createHash('sha256').update(key).digest('hex')}.json`)
  }
}

function versionPlace(base: string, hex: string): VersionPlace {
  const folder = join(base, 'sha256', hex)
  return {
    folder,
    files: join(folder, 'files'),
    manifest: join(folder, 'manifest.json'),
    record: join(folder, 'verified.json'),
    filesFromBase: `sha256/${hex}/files`
  }
}

/** @throws {StemmaError} INVALID_INPUT: a digest becomes a folder name, so nothing else may pass. */
function hexOf(digest: string): string {
  const hex = DIGEST.exec(digest)?.[1]
  if (hex !== undefined) return hex
  const found = JSON.stringify(digest.slice(0, 100))
  throw new StemmaError('INVALID_INPUT', `wanted the digest of a version (sha256: and 64 hex digits), found ${found}`, {
    hint: 'The registry gave a version that stemma cannot keep in its cache.'
  })
}
