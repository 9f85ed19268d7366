import type { TransferOptions } from '../util/options.js'
import type { ByteSource } from './byte-source.js'

/** Bytes to be copied. */
export type CopiedSource = Exclude<ByteSource, { kind: 'owned-file' }>

/** A source and the new file that its bytes go to. */
export interface IngestItem {
  source: CopiedSource
  /** Absolute path; must not exist. */
  target: string
}

/** What was written: the digest is of the bytes written, taken in the same pass. */
export interface Ingested {
  /** Lower-case sha256 hex. */
  sha256: string
  sizeBytes: number
  /** Whether it lies in `moveTo` now, and nothing at its target. */
  isMoved?: boolean | undefined
  /** The first bytes, where the source asked for some and the implementation had them at hand. */
  head?: Uint8Array | undefined
}

/** Options of {@link StoreFs.ingest}. */
export interface IngestOptions extends TransferOptions {
  sync: boolean
  mode: number
  /** A folder that targets are to be moved to, see there. */
  moveTo?: string | undefined
}

/** What {@link StoreFs.stat} tells. */
export interface FileStat {
  sizeBytes: number
  mtimeMs: number
  isFile: boolean
}

/**
 * The file operations that the local store is made of, narrow enough that tests can replace them by a file system in memory
 * that loses what was not synced. Paths are absolute. Errors are those of the operating system, with `code` (`ENOSPC`,
 * `EEXIST` …): the callers decide what they mean. Folder and file contents are durable only after the sync that names them.
 */
export interface StoreFs {
  /** The whole file, `undefined` when it is absent. For small files. */
  readFile(path: string): Promise<Uint8Array | undefined>
  /** Whether something is there. Synchronous: asked a thousand times for one search. */
  exists(path: string): boolean
  stat(path: string): Promise<FileStat | undefined>
  /** Names in a folder, unsorted; empty when it is absent. */
  list(path: string): Promise<string[]>
  /** Creates a file that must not exist, writes all bytes and, with `sync`, makes the content durable before it closes. */
  writeNew(path: string, bytes: Uint8Array, options: { mode: number; sync: boolean }): Promise<void>
  /**
   * Copies each source to its new target in one pass that also hashes; results in order. With `sync` all contents are durable
   * when it returns. On any failure it throws, and removes the targets that it wrote.
   *
   * With `moveTo`, and without `sync`, an implementation may at once move a target to that folder, under its sha256, if that name is
   * free: atomically, whole or not at all. What it has moved stays there when the call fails.
   *
   * @throws {StemmaError} SOURCE_CHANGED, SOURCE_UNREADABLE, SOURCE_UNSUPPORTED for sources; the system's own error for targets.
   */
  ingest(items: readonly IngestItem[], options: IngestOptions): Promise<Ingested[]>
  /** Hashes files where they lie; lower-case sha256 hex in order, `undefined` for an absent one. */
  hash(paths: readonly string[], options: TransferOptions): Promise<(string | undefined)[]>
  /** The bytes of a file from `start` on. Throws ENOENT before the first byte. */
  openRead(path: string, options: { start?: number | undefined; signal?: AbortSignal | undefined }): AsyncIterable<Uint8Array>
  /** A second name for a file; EEXIST when the name is taken. */
  link(from: string, to: string): Promise<void>
  /** Replaces a file that has the name; a folder only replaces an empty one, else ENOTEMPTY or EEXIST. */
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  /** Removes an empty folder. */
  removeFolder(path: string): Promise<void>
  /** Creates a folder and what is missing above it; each new name is durable when it returns, if `sync`. Existing is success. */
  makeFolder(path: string, options: { mode: number; sync: boolean }): Promise<void>
  /** Makes the names in a folder durable. File systems that cannot (EINVAL, ENOTSUP, ENOSYS; on Windows EPERM, EISDIR) count as done. */
  syncFolder(path: string): Promise<void>
  /** Makes the contents of files durable that were written before, perhaps by others without a sync. Absent ones count as done. */
  syncFiles(paths: readonly string[]): Promise<void>
  /** Sets the modification time. */
  touch(path: string, timeMs: number): Promise<void>
  /** Whether all processes that use the path see at once what one of them did, and no reply gets lost: not on network file systems. */
  isLocal(path: string): boolean
  /** Resolves when something may have changed in the folder, or after `atMostMs`; rejects with `signal.reason`. */
  waitForChange(path: string, options: { atMostMs: number; signal?: AbortSignal | undefined }): Promise<void>
}
