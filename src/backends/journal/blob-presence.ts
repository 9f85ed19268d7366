import { StemmaError } from '../../errors/stemma-error.js'
import type { Manifest } from '../../schemas/artifact.js'
import type { Birth } from '../../schemas/birth.js'
import { digestSchema, type Digest } from '../../schemas/digest.js'
import type { Engine } from './engine.js'

/** Up to so many blobs are looked at one by one. */
const FEW = 16
/** Much less than what is discarded stays in the trash. */
const MOMENT_MS = 60_000

/** Blobs of the environment files of a version. */
export function environmentDigests({ environment }: Pick<Birth, 'environment'>): Digest[] {
  if (environment.state !== 'captured') return []
  return (environment.files ?? []).map((file) => digestSchema.parse(file.digest))
}

/** Every blob that a version needs, each once. */
export function requiredDigests(manifestDigest: Digest, manifest: Manifest, birth: Birth): Digest[] {
  return [...new Set([manifestDigest, ...manifest.artifacts.map((artifact) => artifact.digest), ...environmentDigests(birth)])]
}

/** Looks twice whether the blobs are there that an event needs: before it is committed, and after. */
export interface Presence {
  /** @throws {StemmaError} BLOB_MISSING naming the first blob that is not stored. */
  assertStored(): Promise<void>
  /**
   * Looks again after the commit: a garbage collection that began before may have put a blob into the trash; it is taken back.
   *
   * @throws {StemmaError} BLOB_MISSING when one is gone for good; the version is registered all the same.
   */
  keepStored(version: { model: string; version: string }): Promise<void>
}

/** Begins to look after the blobs of one event. */
export function createPresence(engine: Engine, digests: readonly Digest[]): Presence {
  const { blobs, sources, location } = engine
  let foundAt: { nowMs: number; monotonicMs: number } | undefined

  /** What was there a moment ago can only be in the trash by now: from there it is removed an hour later at the earliest. */
  const isMomentAgo = (): boolean =>
    foundAt !== undefined && sources.now() - foundAt.nowMs < MOMENT_MS && sources.monotonicNow() - foundAt.monotonicMs < MOMENT_MS

  return {
    async assertStored() {
      foundAt = { nowMs: sources.now(), monotonicMs: sources.monotonicNow() }
      const [first] = await blobs.missing(digests)
      if (first === undefined) return
      throw new StemmaError('BLOB_MISSING', `${first} is not stored in ${location}`, {
        hint: 'Store all bytes before the version is registered. Nothing was committed.',
        details: { digest: first }
      })
    },
    async keepStored(version) {
      // What cannot be looked at is no reason to call a commit failed.
      const gone = await (digests.length > FEW && isMomentAgo() ? blobs.trash.holds(digests) : blobs.missing(digests)).catch(() => [])
      if (gone.length === 0) return
      for (const digest of gone) await blobs.trash.restore(digest).catch(() => undefined)
      const [first] = await blobs.missing(gone).catch(() => [])
      if (first === undefined) return
      throw new StemmaError('BLOB_MISSING', `${version.model}@${version.version} was registered, but its blob ${first} was removed meanwhile`, {
        hint: 'Log the same artifacts again: that stores the bytes which this version needs, too.',
        details: { digest: first, committed: true, ...version }
      })
    }
  }
}
