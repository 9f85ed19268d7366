import type { ByteSource } from '../../io/byte-source.js'
import type { Digest } from '../../schemas/digest.js'
import type { CallOptions, TransferOptions } from '../../util/options.js'
import type { StoredBlob } from '../backend.js'

/** A blob that lies in the store. */
export interface BlobInfo {
  digest: Digest
  sizeBytes: number
  /** When it was last stored or kept, milliseconds since 1970. */
  touchedAtMs: number
}

/** Immutable bytes under their sha256. */
export interface BlobStore {
  /** What a blob is called in messages and reports: a path relative to the store. */
  fileName(digest: Digest): string
  /** See `Backend.putBlobs`. Durable when it returns, unless the registry was opened with `durability: 'none'`. */
  put(sources: readonly ByteSource[], options: TransferOptions): Promise<StoredBlob[]>
  /** Size and age, or `undefined` when it is absent. */
  stat(digest: Digest): Promise<BlobInfo | undefined>
  /** Those that are absent, in their order. */
  missing(digests: readonly Digest[]): Promise<Digest[]>
  /** Keeps blobs from garbage collection for the grace period from now, and makes them durable; `false` for an absent one. */
  keep(digests: readonly Digest[], options: CallOptions): Promise<boolean[]>
  /** See `Backend.openBlob`. */
  open(digest: Digest, options: CallOptions & { start?: number | undefined }): AsyncIterable<Uint8Array>
  /** The whole blob, which must not be larger than `maxBytes`; checked against its digest. @throws BLOB_MISSING, DIGEST_MISMATCH, TOO_LARGE */
  read(digest: Digest, maxBytes: number, options: CallOptions): Promise<Uint8Array>
  /** Hashes blobs where they lie; the digests found, in order, `undefined` for an absent one. */
  hash(digests: readonly Digest[], options: TransferOptions): Promise<(Digest | undefined)[]>
  /** Where a blob lies on the local disk, if it does. */
  localPath(digest: Digest): string | undefined
  /** All blobs, in no special order; `foreign` are files that do not belong there. */
  list(options: CallOptions): Promise<{ blobs: BlobInfo[]; foreign: string[] }>
  /** The trash of the two-stage removal. */
  readonly trash: BlobTrash
}

/** Where blobs wait before they are removed, so that a writer that still needs one can have it back. */
export interface BlobTrash {
  /** Moves a blob to the trash, if it was last touched before `touchedBeforeMs`; `false` when it was touched since or is gone. */
  discard(digest: Digest, touchedBeforeMs: number): Promise<boolean>
  /** What lies in the trash, with the time it was put there. */
  list(options: CallOptions): Promise<(BlobInfo & { discardedAtMs: number })[]>
  /** Which of these lie in the trash; cheaper than looking at each of many blobs. */
  holds(digests: readonly Digest[]): Promise<Digest[]>
  /** Takes a blob back. */
  restore(digest: Digest): Promise<void>
  /** Removes it for good. */
  remove(digest: Digest): Promise<void>
  /** Removes temporary files older than `olderThanMs` whose writer is gone; with `dryRun` only names them. */
  sweepTemporary(olderThanMs: number, dryRun: boolean): Promise<string[]>
}
