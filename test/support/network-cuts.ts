import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openModelCache } from '../../src/artifacts/cache/model-cache.js'
import { nodeStoreFs } from '../../src/io/node-store-fs.js'
import { buildManifest, manifestDigest } from '../../src/record/manifest.js'
import type { Artifact } from '../../src/schemas/artifact.js'
import { digestSchema } from '../../src/schemas/digest.js'
import { systemSources, type Sources } from '../../src/util/sources.js'
import type { ByteFixture } from './byte-fixture.js'
import type { FaultKind } from './fault-proxy.js'

/** The machine's sources, but that waits before a further attempt are short. */
export const hastySources: Sources = { ...systemSources, sleep: (delayMs, signal) => systemSources.sleep(delayMs / 20, signal) }

/** One cut: at which byte, and how. */
export interface Cut {
  position: number
  kind: FaultKind
}

/** What cuts are made in. */
export interface CutBench {
  fixture: ByteFixture
  sizeBytes: number
  chunkBytes: number
  /** Folder of the server's blobs, to take them away again; `undefined`: they stay. */
  blobs?: string | undefined
}

/** Requests, headers and replies beside the bytes themselves. */
const SLACK_BYTES = 65_536

/**
 * Sends a new blob while the connection is cut at one byte, and checks that it arrives byte-exact, with no more bytes sent again than one chunk.
 *
 * @param serial makes the blob a new one; even: from memory, odd: from a file.
 * @returns what is wrong, if anything is.
 */
export async function cutUpload({ fixture, sizeBytes, chunkBytes, blobs }: CutBench, { position, kind }: Cut, serial: number): Promise<string[]> {
  const { backend, served, proxy, folder } = fixture
  const bytes = randomBytes(sizeBytes)
  const path = join(folder, `source-${serial}`)
  writeFileSync(path, bytes)
  proxy.arm({ direction: 'up', afterBytes: position, kind })
  const what = `upload ${serial} with ${kind} at byte ${position}`
  try {
    const [stored] = await backend.putBlobs([serial % 2 === 0 ? { kind: 'bytes', label: 'w', bytes } : { kind: 'file', label: 'w', path, sizeBytes }], {})
    const wanted = digestOf(bytes)
    const problems: string[] = []
    if (stored?.digest !== wanted) problems.push(`${what}: stored as ${stored?.digest}`)
    if (proxy.counts.struck !== 1) problems.push(`${what}: the fault struck ${proxy.counts.struck} times`)
    const again = proxy.counts.up - sizeBytes - chunkBytes
    if (again > SLACK_BYTES) problems.push(`${what}: ${again} bytes more were sent than the blob and one chunk`)
    const found = createHash('sha256')
    for await (const chunk of served.openBlob(digestSchema.parse(wanted), {})) found.update(chunk)
    if (`sha256:${found.digest('hex')}` !== wanted) problems.push(`${what}: other bytes are stored`)
    if (blobs !== undefined) rmSync(join(blobs, wanted.slice('sha256:'.length)), { force: true })
    return problems
  } catch (error) {
    return [`${what}: ${String(error)}`]
  } finally {
    rmSync(path)
    proxy.arm(undefined)
  }
}

/**
 * Fetches a blob into an empty cache while the connection is cut at one byte, and checks that it comes byte-exact.
 *
 * @returns what is wrong, if anything is.
 */
export async function cutDownload({ fixture, sizeBytes, chunkBytes }: CutBench, { position, kind }: Cut, artifact: Artifact): Promise<string[]> {
  const { backend, proxy, folder } = fixture
  const root = join(folder, 'cut-cache')
  mkdirSync(root)
  const cache = openModelCache({ root, fs: nodeStoreFs, sources: systemSources, sync: false })
  proxy.arm({ direction: 'down', afterBytes: position, kind })
  const what = `download with ${kind} at byte ${position}`
  try {
    const { dir } = await cache.materialize({
      artifacts: [artifact],
      digest: manifestDigest(buildManifest([artifact])),
      fetch: (file, start) => backend.openBlob(digestSchema.parse(file.digest), { start })
    })
    const problems: string[] = []
    if (digestOf(readFileSync(join(dir, artifact.path))) !== artifact.digest) problems.push(`${what}: other bytes are in the cache`)
    if (proxy.counts.struck !== 1) problems.push(`${what}: the fault struck ${proxy.counts.struck} times`)
    const again = proxy.counts.down - sizeBytes - chunkBytes
    // Damage shows at the end only, by the digest: then all comes again.
    if (kind !== 'corrupt' && again > SLACK_BYTES) problems.push(`${what}: ${again} bytes more were sent than the blob and one chunk`)
    return problems
  } catch (error) {
    return [`${what}: ${String(error)}`]
  } finally {
    rmSync(root, { recursive: true, force: true })
    proxy.arm(undefined)
  }
}

/** Stores a blob to be fetched. */
export async function storeArtifact({ fixture, sizeBytes }: CutBench): Promise<Artifact> {
  const bytes = randomBytes(sizeBytes)
  const [stored] = await fixture.served.putBlobs([{ kind: 'bytes', label: 'w', bytes }], {})
  if (stored === undefined) throw new Error('not stored')
  return { path: 'w.bin', sizeBytes, digest: stored.digest, format: 'binary', role: 'other' }
}

/** Cuts spread over so many bytes, of kinds in turn. */
export function spreadCuts(count: number, totalBytes: number, kinds: readonly FaultKind[]): Cut[] {
  return Array.from({ length: count }, (_, index) => ({
    position: Math.floor(((index + 0.5) * totalBytes) / count),
    kind: kinds[index % kinds.length] ?? 'reset'
  }))
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
