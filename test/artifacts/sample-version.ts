import { createHash } from 'node:crypto'
import { nodeStoreFs } from '../../src/io/node-store-fs.js'
import type { StoreFs } from '../../src/io/store-fs.js'
import { buildManifest, manifestDigest } from '../../src/record/manifest.js'
import type { Artifact } from '../../src/schemas/artifact.js'
import type { Sources } from '../../src/util/sources.js'
import { systemSources } from '../../src/util/sources.js'
import type { WantedFile } from '../../src/artifacts/fetched-bytes.js'

/** A version whose bytes are served from memory. */
export interface SampleVersion {
  artifacts: Artifact[]
  digest: string
  contents: Map<string, Uint8Array>
  /** Serves what `contents` holds now, in pieces, and notes each call. */
  fetch: (file: WantedFile, start: number) => AsyncIterable<Uint8Array>
  calls: { path: string; start: number }[]
}

export function sampleVersion(files: Readonly<Record<string, string | Uint8Array>>): SampleVersion {
  const contents = new Map(Object.entries(files).map(([path, content]) => [path, Buffer.from(content)]))
  const artifacts = [...contents].map(([path, bytes]) => artifactOf(path, bytes))
  const calls: SampleVersion['calls'] = []
  return {
    artifacts,
    digest: manifestDigest(buildManifest(artifacts)),
    contents,
    calls,
    fetch: (file, start) => {
      calls.push({ path: file.path, start })
      return piecesOf((contents.get(file.path) ?? new Uint8Array()).subarray(start))
    }
  }
}

export function artifactOf(path: string, bytes: Uint8Array): Artifact {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}` as const
  return { path, sizeBytes: bytes.byteLength, digest, format: 'binary', role: 'other' }
}

// eslint-disable-next-line @typescript-eslint/require-await
export async function* piecesOf(bytes: Uint8Array, size = 1_000): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.byteLength; start += size) yield bytes.subarray(start, start + size)
}

/** The file system of this machine, with a count of the files that were hashed and written. */
export function countingFs(): { fs: StoreFs; counts: { hashed: number; ingested: number } } {
  const counts = { hashed: 0, ingested: 0 }
  const fs: StoreFs = {
    ...nodeStoreFs,
    hash: (paths, options) => {
      counts.hashed += paths.length
      return nodeStoreFs.hash(paths, options)
    },
    ingest: (items, options) => {
      counts.ingested += items.length
      return nodeStoreFs.ingest(items, options)
    }
  }
  return { fs, counts }
}

/** The machine's sources, with a clock that stands `aheadMs` ahead: files count as having rested. */
export function laterSources(aheadMs: number): Sources {
  return { ...systemSources, now: () => systemSources.now() + aheadMs }
}
