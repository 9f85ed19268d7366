import { join } from 'node:path'
import type { StoreFs } from '../../io/store-fs.js'
import type { Digest } from '../../schemas/digest.js'

/** The folder of the blobs, from the store's own. */
export const BLOBS = join('blobs', 'sha256')

/** Where the bytes of a local store lie. Absolute paths. */
export interface BlobFolders {
  /** `blobs/sha256`: the blob folder of an OCI image layout. */
  blobs: string
  /** What is being written. */
  temporary: string
  /** What waits to be removed. */
  trash: string
  /** Parts of blobs that arrive over a network. */
  uploads: string
}

/** The folders of the store at `root`. */
export function blobFolders(root: string): BlobFolders {
  return { blobs: join(root, BLOBS), temporary: join(root, 'tmp'), trash: join(root, 'trash'), uploads: join(root, 'uploads') }
}

/**
 * Creates the folders of the blobs where they are missing. `tmp`, `trash` and `uploads` are closed to other users: what lies there is not
 * checked yet, or not wanted any more.
 */
export async function makeBlobFolders(root: string, fs: StoreFs, sync: boolean): Promise<void> {
  const folders = blobFolders(root)
  await fs.makeFolder(folders.blobs, { mode: 0o777, sync })
  await fs.makeFolder(folders.temporary, { mode: 0o700, sync })
  await fs.makeFolder(folders.trash, { mode: 0o700, sync })
  await fs.makeFolder(folders.uploads, { mode: 0o700, sync })
}

/** The 64 hex digits of a digest: the name of its blob. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length)
}

/** The digest of a blob by its file name, `undefined` when it is not the name of a blob. */
export function digestOf(name: string): Digest | undefined {
  return /^[0-9a-f]{64}$/.test(name) ? `sha256:${name}` : undefined
}
