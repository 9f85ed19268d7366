import type { Digest } from '../../schemas/digest.js'
import type { CallOptions } from '../../util/options.js'
import { mapLimited } from '../../util/map-limited.js'
import { environmentDigests } from './blob-presence.js'
import type { Engine } from './engine.js'
import { loadAll } from './load-all.js'

const CONCURRENT_READS = 16

/** Which blobs are needed, as far as the journals say at this moment. */
export interface References {
  /** Reads what was added to the journals since, and then answers. */
  collect(options: CallOptions): Promise<ReadonlySet<Digest>>
}

/**
 * Every version needs its manifest and its environment files, also a deleted one, so that history and lineage stay readable. Its
 * artifacts are needed only while it is not deleted.
 *
 * What cannot be read may name any blob, so a damaged journal, or a damaged manifest of a version that is not deleted, throws.
 */
export function createReferences(engine: Engine): References {
  const artifactsOf = new Map<Digest, readonly Digest[]>()

  return {
    async collect(options) {
      const states = await loadAll(engine, options)
      for (const state of states) await engine.states.loadListed(state.name)
      const versions = states.flatMap((state) => state.versions)
      const unread = new Map(versions.filter(({ deleted, digest }) => !deleted && !artifactsOf.has(digest)).map((version) => [version.digest, version]))
      await mapLimited([...unread.values()], CONCURRENT_READS, async (version) => {
        options.signal?.throwIfAborted()
        const { artifacts } = await engine.manifests.complete(version, options)
        artifactsOf.set(version.digest, artifacts.map((artifact) => artifact.digest))
      })
      const needed = new Set<Digest>()
      for (const version of versions) {
        needed.add(version.digest)
        for (const digest of environmentDigests(version)) needed.add(digest)
        if (!version.deleted) for (const digest of artifactsOf.get(version.digest) ?? []) needed.add(digest)
      }
      return needed
    }
  }
}
