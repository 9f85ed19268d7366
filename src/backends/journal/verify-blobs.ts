import type { Digest } from '../../schemas/digest.js'
import type { Problem } from '../../schemas/report.js'
import type { TransferOptions } from '../../util/options.js'
import type { BlobInfo } from './blob-store.js'
import type { Engine } from './engine.js'
import type { Needs } from './verify.js'

/** Hashes blobs where they lie: all of the store, or only those needed. Adds to `problems`; says how much was read. */
export async function verifyBlobs(
  engine: Engine,
  { needs, isWholeStore, problems }: { needs: Needs; isWholeStore: boolean; problems: Problem[] },
  options: TransferOptions
): Promise<{ blobs: number; bytes: number }> {
  const stored = new Map<Digest, BlobInfo>()
  if (isWholeStore) {
    const { blobs, foreign } = await engine.blobs.list(options)
    for (const blob of blobs) stored.set(blob.digest, blob)
    for (const file of foreign) problems.push({ kind: 'foreign', code: 'STORE_INVALID', message: `${file} is not a blob`, file })
  } else {
    for (const digest of needs.keys()) {
      const blob = await engine.blobs.stat(digest)
      if (blob) stored.set(digest, blob)
    }
  }

  const digests = [...stored.keys()]
  const found = await engine.blobs.hash(digests, options)
  const damaged = new Set(problems.map((problem) => problem.digest))
  for (const [index, digest] of digests.entries()) {
    const hash = found[index]
    if (hash === digest || damaged.has(digest)) continue
    // One that went while they were hashed was removed by a garbage collection, if nothing needs it.
    if (hash === undefined && !needs.has(digest)) continue
    problems.push(blobProblem(engine, needs, digest, hash))
  }
  for (const digest of needs.keys()) {
    if (!stored.has(digest)) problems.push(blobProblem(engine, needs, digest, undefined))
  }
  let bytes = 0
  for (const { sizeBytes } of stored.values()) bytes += sizeBytes
  return { blobs: stored.size, bytes }
}

function blobProblem({ blobs }: Engine, needs: Needs, digest: Digest, found: Digest | undefined): Problem {
  const message = found === undefined ? `${digest} is missing` : `${digest} is damaged: its bytes hash to ${found}`
  return {
    kind: 'blob',
    code: found === undefined ? 'BLOB_MISSING' : 'DIGEST_MISMATCH',
    message,
    file: blobs.fileName(digest),
    digest,
    affects: needs.get(digest) ?? []
  }
}
