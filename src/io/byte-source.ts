import type { Digest } from '../schemas/digest.js'

/**
 * Bytes to be stored. `label` is the logical path that errors and progress name.
 * A file is read once, by the one descriptor that was opened for it; its path must be absolute.
 *
 * An `owned-file` is given away: its bytes were hashed as they were written, nobody will touch it again, and the store may take the file
 * itself in place of a copy. It must lie in the `uploadFolder` of a backend that has one, with the permissions that the blob shall have. It is
 * gone from its path when it is stored; when storing fails, it may still be there, whole.
 */
export type ByteSource =
  | {
      readonly kind: 'file'
      readonly label: string
      readonly path: string
      readonly sizeBytes: number
      /** How many of its first bytes the caller would like to have, see `StoredBlob.head`. @default 0 */
      readonly headBytes?: number | undefined
    }
  | { readonly kind: 'owned-file'; readonly label: string; readonly path: string; readonly sizeBytes: number; readonly digest: Digest }
  | { readonly kind: 'bytes'; readonly label: string; readonly bytes: Uint8Array }
  | { readonly kind: 'stream'; readonly label: string; readonly stream: AsyncIterable<Uint8Array | string> }
