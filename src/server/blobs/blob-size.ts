import { lstatSync } from 'node:fs'
import type { Backend } from '../../backends/backend.js'
import { isStemmaError } from '../../errors/stemma-error.js'
import { toStemmaError } from '../../io/system-error.js'
import type { Digest } from '../../schemas/digest.js'

/** How many bytes a blob has, `undefined` when it is not stored. Where it lies on no disk of this machine, its bytes are counted. */
export async function blobSize(backend: Backend, digest: Digest, signal: AbortSignal | undefined): Promise<number | undefined> {
  const path = backend.localBlobPath(digest)
  if (path !== undefined) return fileSize(path, digest)
  let sizeBytes = 0
  try {
    for await (const bytes of backend.openBlob(digest, { signal })) sizeBytes += bytes.byteLength
  } catch (error) {
    if (isStemmaError(error, 'BLOB_MISSING')) return undefined
    throw error
  }
  return sizeBytes
}

function fileSize(path: string, digest: Digest): number | undefined {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false })
    return stats?.isFile() === true ? stats.size : undefined
  } catch (error) {
    throw toStemmaError(error, `cannot look at ${digest}`, `blobs/${digest}`)
  }
}
