import type { ByteSource } from '../../../io/byte-source.js'
import type { Digest } from '../../../schemas/digest.js'

/** A source that can be read more than once. */
export type LastingSource = Exclude<ByteSource, { kind: 'stream' }>

/** A source whose digest is known, more or less: a file may change until it was sent. */
export interface PendingBlob {
  /** Its place in the call. */
  index: number
  source: LastingSource
  digest: Digest
  sizeBytes: number
  /** What the file was when it was hashed, see `stampOf`; `undefined` for what is no file. */
  stamp: string | undefined
}
