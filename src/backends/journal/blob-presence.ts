import { StemmaError } from '../../errors/stemma-error.js'
import type { Manifest } from '../../schemas/artifact.js'
import type { Birth } from '../../schemas/birth.js'
import { digestSchema, type Digest } from '../../schemas/digest.js'
import { mapLimited } from '../../util/map-limited.js'
import type { Engine } from './engine.js'

const CONCURRENT_STATS = 16

/** Blobs of the environment files of a version. */
export function environmentDigests({ environment }: Pick<Birth, 'environment'>): Digest[] {
  if (environment.state !== 'captured') return []
  return (environment.files ?? []).map((file) => digestSchema.parse(file.digest))
}

/** Every blob that a version needs, each once. */
export function requiredDigests(manifestDigest: Digest, manifest: Manifest, birth: Birth): Digest[] {
  return [...new Set([manifestDigest, ...manifest.artifacts.map((artifact) => artifact.digest), ...environmentDigests(birth)])]
}

/** @throws {StemmaError} BLOB_MISSING naming the first blob that is not stored. */
export async function assertStored(engine: Engine, digests: readonly Digest[]): Promise<void> {
  const [first] = await missing(engine, digests)
  if (first === undefined) return
  throw new StemmaError('BLOB_MISSING', `${first} is not stored in ${engine.location}`, {
    hint: 'Store all bytes before the version is registered. Nothing was committed.',
    details: { digest: first }
  })
}

/**
 * Looks again after the commit: a garbage collection that began before may have put a blob into the trash; it is taken back.
 *
 * @throws {StemmaError} BLOB_MISSING when one is gone for good; the version is registered all the same.
 */
export async function keepStored(engine: Engine, digests: readonly Digest[], version: { model: string; version: string }): Promise<void> {
  // What cannot be looked at is no reason to call a commit failed.
  const gone = await missing(engine, digests).catch(() => [])
  if (gone.length === 0) return
  for (const digest of gone) await engine.blobs.trash.restore(digest).catch(() => undefined)
  const [first] = await missing(engine, gone).catch(() => [])
  if (first === undefined) return
  throw new StemmaError('BLOB_MISSING', `${version.model}@${version.version} was registered, but its blob ${first} was removed meanwhile`, {
    hint: 'Log the same artifacts again: that stores the bytes which this version needs, too.',
    details: { digest: first, committed: true, ...version }
  })
}

async function missing({ blobs }: Engine, digests: readonly Digest[]): Promise<Digest[]> {
  const found = await mapLimited(digests, CONCURRENT_STATS, (digest) => blobs.stat(digest))
  return digests.filter((_, index) => found[index] === undefined)
}
