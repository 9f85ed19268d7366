import type { ByteSource } from '../io/byte-source.js'
import type { LineageOrigin } from '../record/lineage-from.js'
import type { Digest } from '../schemas/digest.js'
import type { HistoryEntry } from '../schemas/history.js'
import type { LineageGraph } from '../schemas/lineage.js'
import type { ModelSummary, ModelVersion } from '../schemas/model-version.js'
import type { Policy } from '../schemas/policy.js'
import type { Reference } from '../schemas/reference.js'
import type { GarbageReport, VerificationReport } from '../schemas/report.js'
import type { CreateVersionRequest, DeleteRequest, RollbackRequest, TransitionRequest, UpdateRequest } from '../schemas/requests.js'
import type { ParsedSearch } from '../schemas/search.js'
import type { CallOptions, TransferOptions } from '../util/options.js'

/** What a backend can promise. The conformance suite reads it, and so may programs. */
export interface BackendCapabilities {
  /** `expectedCurrent` is compared and set in one step. */
  compareAndSet: boolean
  /** A promotion and what it displaces are seen together or not at all. */
  atomicTransition: boolean
  /** Old values and who changed them are kept. */
  history: boolean
  /** Past states can be asked for (`?at=`). */
  timeTravel: boolean
  /** A caller's `operationId` makes a repeated mutation answer with the first result. */
  idempotentMutations: boolean
  /** Acknowledged changes survive a power cut. */
  durable: boolean
  /** `collectGarbage` does something. */
  garbageCollection: boolean
  /** `localBlobPath` can answer. */
  localFiles: boolean
}

/** Bytes that are stored now. */
export interface StoredBlob {
  digest: Digest
  sizeBytes: number
  /** Whether the store had them before. */
  existed: boolean
  /** The first bytes, for a file whose `headBytes` asked for them; left out where they are not at hand when it is stored. */
  head?: Uint8Array | undefined
}

/** Options of {@link Backend.putBlobs}. */
export interface PutOptions extends TransferOptions {
  /**
   * Told the first bytes of a source that asked for them, by its place in the call, as soon as they are at hand; they are good until it returns.
   * A backend that tells them here need not give them as `StoredBlob.head`, which stays as long as the result: those of many thousand files take
   * more memory than all else that is known of them. A source may be read again, and be told again; the last time counts.
   */
  onHead?: ((index: number, head: Uint8Array) => void) | undefined
}

/** Options that every mutation takes. */
export interface MutationOptions extends CallOptions {
  /** Idempotency key: a repeated call with the same key answers with the first result and changes nothing. */
  operationId?: string | undefined
  /** Who asks for the change, kept in the history. */
  actor?: string | undefined
}

/** Where a lineage starts, and how far it goes. */
export interface LineageRequest {
  origin: { kind: 'version'; reference: Reference; direction: 'ancestors' | 'descendants' | 'both' } | LineageOrigin
  /** Steps from version to version. */
  maxHops: number
}

/** Options of {@link Backend.verify}. */
export interface VerifyRequest {
  /** Absent: the whole store. */
  reference?: Reference | undefined
}

/** Options of {@link Backend.collectGarbage}. */
export interface GarbageRequest {
  dryRun: boolean
  /** A blob younger than this is kept though nothing needs it. */
  graceMs: number
}

/**
 * A registry's store, seen from the verbs. The verbs check and parse all input before they call, so a backend gets clean
 * values, and throws only `StemmaError`, or `signal.reason` when aborted.
 *
 * Every method may throw CLOSED, IO, ACCESS_DENIED, REGISTRY_UNAVAILABLE; those that read a journal also LOG_CORRUPT, LOG_GAP,
 * FORMAT_TOO_NEW. An abort before a mutation is committed leaves nothing that counts; after the commit it is ignored.
 * Mutations are linearizable for one model: each takes effect at one instant between call and return.
 */
export interface Backend {
  /** What the registry is called in messages: a path or an address without credentials. */
  readonly location: string
  readonly capabilities: BackendCapabilities
  readonly policy: Policy
  /**
   * A private folder on the disk of the blobs, where the parts of a blob may be gathered before it is given to `putBlobs` as an
   * `owned-file`. Garbage collection removes what was left there for a day. `undefined`: there is none.
   */
  readonly uploadFolder: string | undefined

  /**
   * Which of these blobs are stored, in their order. Those that are, are kept from garbage collection for the grace period from now, so
   * that a version that needs them can be registered.
   */
  keepBlobs(digests: readonly Digest[], options: CallOptions): Promise<boolean[]>

  /**
   * Stores bytes under their sha256, in one pass over each source. Not atomic over several: those done before a failure stay,
   * unreferenced, until garbage collection. Bytes that are there already are not stored twice, and are kept from garbage
   * collection for the grace period from now.
   *
   * @returns one result per source, in their order.
   * @throws {StemmaError} SOURCE_CHANGED, SOURCE_UNREADABLE, SOURCE_UNSUPPORTED, NO_SPACE, READ_ONLY; DIGEST_MISMATCH for an `owned-file` whose size
   * is not that which was said.
   */
  putBlobs(sources: readonly ByteSource[], options: PutOptions): Promise<StoredBlob[]>

  /**
   * The bytes of a blob from `start` on. The reader checks the digest; the backend need not.
   *
   * @throws {StemmaError} BLOB_MISSING before the first byte.
   */
  openBlob(digest: Digest, options: CallOptions & { start?: number | undefined }): AsyncIterable<Uint8Array>

  /** Where a blob lies on this machine's disk, to be copied from and never to be written to; `undefined` if it does not. */
  localBlobPath(digest: Digest): string | undefined

  /**
   * Registers a version: atomic, durable when it returns. Gives it the next sequence and its version number.
   *
   * @throws {StemmaError} ALREADY_EXISTS when the exact version is taken (also by a deleted one), INVALID_VERSION,
   * BLOB_MISSING when a blob of the manifest is not stored, CONFLICT_RETRIES, COMMIT_UNKNOWN.
   */
  createVersion(request: CreateVersionRequest, options: MutationOptions): Promise<ModelVersion>

  /**
   * Moves a version to a stage, with all that this displaces, as one atomic change. A move to where it is changes nothing.
   *
   * @throws {StemmaError} NOT_FOUND, VERSION_DELETED, INVALID_STAGE, FORBIDDEN_BY_RULE, CONFLICT.
   */
  transition(request: TransitionRequest, options: MutationOptions): Promise<ModelVersion>

  /**
   * Makes an earlier live version live again for an audience, as one atomic change, after its bytes were verified.
   *
   * @throws {StemmaError} NOT_FOUND when there is nothing to go back to, CONFLICT, DIGEST_MISMATCH or BLOB_MISSING naming the
   * damaged artifact.
   */
  rollback(request: RollbackRequest, options: MutationOptions & TransferOptions): Promise<ModelVersion>

  /**
   * Changes living metadata, all of the request or nothing. A request that changes nothing writes nothing.
   *
   * @throws {StemmaError} NOT_FOUND, VERSION_DELETED, INVALID_ALIAS.
   */
  updateMetadata(request: UpdateRequest, options: MutationOptions): Promise<ModelVersion>

  /**
   * Puts a tombstone on a version. Its number is never given out again. Deleting a deleted version changes nothing.
   *
   * @throws {StemmaError} NOT_FOUND, CONFLICT when the version is in production.
   */
  deleteVersion(request: DeleteRequest, options: MutationOptions): Promise<ModelVersion>

  /**
   * The version that a reference means, as it is now, or as it was at `reference.at`.
   *
   * @param options.hasFallback the caller has an answer of its own when the registry is out of reach, and would rather know that soon.
   * @throws {StemmaError} NOT_FOUND, VERSION_DELETED (an exact version, sequence or digest that has a tombstone).
   */
  resolve(reference: Reference, options: CallOptions & { hasFallback?: boolean | undefined }): Promise<ModelVersion>

  /** All models, by name. */
  models(options: CallOptions): AsyncIterable<ModelSummary>

  /** All versions of a model by sequence, newest first, deleted ones only if asked for. @throws NOT_FOUND for no such model. */
  versions(name: string, options: CallOptions & { includeDeleted: boolean }): AsyncIterable<ModelVersion>

  /** All versions that match, in the order asked for; ties by name, then sequence. */
  search(query: ParsedSearch, options: CallOptions): AsyncIterable<ModelVersion>

  /** Events of a model, or those that concern one version of it, oldest first. @throws NOT_FOUND for no such model or version. */
  history(target: { name: string; reference?: Reference | undefined }, options: CallOptions): AsyncIterable<HistoryEntry>

  /**
   * What made a version and what was made from it; or what was made from a data set, a commit or an environment, which is an
   * empty graph around that node when nothing was.
   *
   * @throws {StemmaError} NOT_FOUND, VERSION_DELETED for a version.
   */
  lineage(request: LineageRequest, options: CallOptions): Promise<LineageGraph>

  /** Re-reads events and bytes, and reports what is damaged; never throws for damage. */
  verify(request: VerifyRequest, options: TransferOptions): Promise<VerificationReport>

  /** Removes bytes that no version needs and leftovers of dead writers. @throws UNSUPPORTED where another party does that. */
  collectGarbage(request: GarbageRequest, options: TransferOptions): Promise<GarbageReport>

  /**
   * Yields once at the start and then after every change of the model, as soon as it is noticed; several changes may give one
   * yield. Ends only by the signal (rejecting with its reason) or by `close` (returning).
   */
  changes(name: string, options: CallOptions): AsyncIterable<void>

  /** Whether a commit whose outcome was unknown is in the journal: its place, or `undefined`. */
  resolveCommit(name: string, commitId: string, options: CallOptions): Promise<{ n: number } | undefined>

  /** Frees what is held. Idempotent. Calls made after it reject with CLOSED. */
  close(): Promise<void>
}
