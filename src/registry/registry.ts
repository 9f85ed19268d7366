import type { BackendCapabilities, MutationOptions } from '../backends/backend.js'
import type { HistoryEntry } from '../schemas/history.js'
import type { LineageGraph } from '../schemas/lineage.js'
import type { ModelSummary, ModelVersion } from '../schemas/model-version.js'
import type { Policy } from '../schemas/policy.js'
import type { ReferenceInput } from '../schemas/reference.js'
import type { GarbageReport, VerificationReport } from '../schemas/report.js'
import type { SearchQuery } from '../schemas/search.js'
import type { VersionComparison } from '../schemas/comparison.js'
import type { CallOptions, TransferOptions } from '../util/options.js'
import type { DeleteOptions } from './delete-version.js'
import type { GarbageOptions } from './collect-garbage.js'
import type { GetModelOptions, LoadedModel } from './get-model.js'
import type { LineageOptions, LineageOrigin } from './lineage.js'
import type { OutboxReport } from './flush-outbox.js'
import type { Logged, LogModelInput, LogModelOptions, Offline } from './log-model.js'
import type { QueuedModel } from './outbox/queued-model.js'
import type { RollbackOptions } from './rollback.js'
import type { Stage, TransitionOptions } from './transition-stage.js'
import type { MetadataChanges } from './update-metadata.js'
import type { VersionsOptions } from './versions.js'

/** A reference as text, `credit-score@production`, or in parts. */
export type VersionReference = string | ReferenceInput

/**
 * An open registry: the single source of truth about models. Every verb rejects with a `StemmaError`, or with `signal.reason`
 * when it was aborted. After `close()` every verb rejects with CLOSED.
 *
 * @example
 * ```ts
 * await using registry = await openRegistry('./models')
 * await registry.logModel({ name: 'credit-score', artifacts: './out', metrics: { auc: 0.93 } })
 * await registry.transitionStage('credit-score', 'production', { reason: 'first release' })
 * ```
 */
export interface Registry extends AsyncDisposable {
  /** Where it is: a folder or an address, without credentials. */
  readonly location: string
  /** What this kind of registry can promise. */
  readonly capabilities: BackendCapabilities
  /** The stages it knows, and the rules about moves. */
  readonly policy: Policy

  /**
   * Logs a model: hashes and stores every artifact, captures git, environment and hardware, and registers the next version.
   * With `offline: 'queue'` a model is kept in the outbox when the registry is out of reach: `'queued' in result` tells.
   *
   * All or nothing: when it rejects, no version was made (but for COMMIT_UNKNOWN, which says how to find out).
   *
   * @throws {StemmaError} INVALID_NAME, INVALID_PATH, INVALID_METADATA, INVALID_VERSION, INVALID_ALIAS, SECRET_IN_METADATA, SOURCE_UNREADABLE,
   * SOURCE_UNSUPPORTED, SOURCE_CHANGED, ALREADY_EXISTS, NOT_FOUND (an origin), NO_SPACE, READ_ONLY, CONFLICT_RETRIES, COMMIT_UNKNOWN.
   */
  logModel<Mode extends Offline = 'fail'>(input: LogModelInput, options?: LogModelOptions<Mode>): Promise<Logged<Mode>>

  /**
   * Hands out a version's files: resolved, fetched, verified byte by byte, kept in the cache for the next start.
   *
   * @throws {StemmaError} INVALID_REFERENCE, NOT_FOUND, VERSION_DELETED, DIGEST_MISMATCH, BLOB_MISSING, DESTINATION_EXISTS, NO_SPACE,
   * REGISTRY_UNAVAILABLE.
   */
  getModel(reference: VersionReference, options?: GetModelOptions): Promise<LoadedModel>

  /** The metadata of a version, without its files. @throws {StemmaError} INVALID_REFERENCE, NOT_FOUND, VERSION_DELETED. */
  getVersion(reference: VersionReference, options?: CallOptions): Promise<ModelVersion>

  /**
   * As `getVersion`, but `undefined` where that is NOT_FOUND: no such model, or nothing that the reference means. For "what is live, if anything
   * is". A version that was deleted is still VERSION_DELETED: it was there.
   *
   * @throws {StemmaError} INVALID_REFERENCE, VERSION_DELETED.
   * @example
   * ```ts
   * const live = await registry.findVersion('credit-score@production')
   * await registry.transitionStage('credit-score@1.1.0', 'production', { expectedCurrent: live?.version ?? null })
   * ```
   */
  findVersion(reference: VersionReference, options?: CallOptions): Promise<ModelVersion | undefined>

  /**
   * Moves a version to a stage. Into `production` it takes its audience from the version that had it, in the same atomic change;
   * one that has no audience left becomes `archived`. A move to where the version already is changes nothing.
   *
   * @throws {StemmaError} INVALID_STAGE, FORBIDDEN_BY_RULE, CONFLICT (another version is live than `expectedCurrent`), NOT_FOUND, VERSION_DELETED.
   */
  transitionStage(reference: VersionReference, stage: Stage, options?: TransitionOptions): Promise<ModelVersion>

  /**
   * Makes the version live again that was live before the current one (or the one named by `to`), after re-hashing all its
   * bytes. Returns the version that it went back to; who, when and why are in the history.
   *
   * @throws {StemmaError} NOT_FOUND (nothing to go back to), CONFLICT, DIGEST_MISMATCH, BLOB_MISSING.
   */
  rollback(name: string, options?: RollbackOptions): Promise<ModelVersion>

  /** Changes living metadata; all of it or nothing. @throws {StemmaError} INVALID_METADATA, INVALID_ALIAS, SECRET_IN_METADATA, NOT_FOUND, VERSION_DELETED. */
  updateMetadata(reference: VersionReference, changes: MetadataChanges, options?: MutationOptions): Promise<ModelVersion>

  /**
   * Puts a tombstone on a version: it cannot be loaded or promoted any more, its number is never used again, its history stays.
   * Its bytes go with the next garbage collection, unless another version has the same.
   *
   * @throws {StemmaError} CONFLICT when it is in production, NOT_FOUND.
   */
  deleteVersion(reference: VersionReference, options: DeleteOptions): Promise<ModelVersion>

  /** All models, by name. */
  models(options?: CallOptions): AsyncIterable<ModelSummary>

  /** All versions of a model, newest first. @throws {StemmaError} NOT_FOUND */
  versions(name: string, options?: VersionsOptions): AsyncIterable<ModelVersion>

  /**
   * Versions that match a filter, over all models. A string is a filter as text.
   *
   * @throws {StemmaError} INVALID_QUERY with the position of the fault.
   * @example
   * ```ts
   * for await (const version of registry.search("metrics.auc >= 0.9 and stage = 'production'")) console.log(version.name, version.version)
   * ```
   */
  search(query?: SearchQuery | string, options?: CallOptions): AsyncIterable<ModelVersion>

  /** Every change of a model (a bare name) or of one version, oldest first: who, when, why, old and new values. @throws {StemmaError} NOT_FOUND */
  history(nameOrReference: VersionReference, options?: CallOptions): AsyncIterable<HistoryEntry>

  /** What made a version and what was made from it; or what was made from a data set, a commit or an environment. @throws {StemmaError} NOT_FOUND */
  lineage(origin: LineageOrigin, options?: LineageOptions): Promise<LineageGraph>

  /** What differs between two versions, of one model or of two. @throws {StemmaError} NOT_FOUND */
  compare(a: VersionReference, b: VersionReference, options?: CallOptions): Promise<VersionComparison>

  /** Re-reads every event and re-hashes every byte of the registry, or of one version; reports each damaged file. Does not throw for damage. */
  verify(reference?: VersionReference, options?: TransferOptions): Promise<VerificationReport>

  /** Removes bytes that no version needs and leftovers of dead writers. Takes two runs an hour apart to remove a byte for good. */
  collectGarbage(options?: GarbageOptions): Promise<GarbageReport>

  /**
   * Yields the version that a reference means now, and again each time it comes to mean another: a service swaps its model so.
   * Waits while it means nothing. Ends when the signal aborts, by rejecting with its reason; or when the registry is closed.
   *
   * An error that may pass (its `retryable` is true: IO, LOG_GAP, REGISTRY_UNAVAILABLE …) does not end it: it is told to
   * `logger.warn`, and the watch looks again after 1 s, then 2, 4 … up to 30 s. Every other error rejects.
   */
  watch(reference: VersionReference, options?: CallOptions): AsyncIterable<ModelVersion>

  /** Models that wait in the outbox for this registry, oldest first. */
  outbox(options?: CallOptions): AsyncIterable<QueuedModel>

  /**
   * Delivers what waits in the outbox for this registry, in the order in which it was queued, each exactly once, however often and by however
   * many processes it is tried. Does not reject when the registry is still out of reach: the report says what waits, and why.
   */
  flushOutbox(options?: TransferOptions): Promise<OutboxReport>

  /**
   * Gives up what waits in the outbox for this registry: what the registry refuses for good, or what is damaged. Its bytes are removed with it,
   * and the registry is asked nothing. A version that it has become already stays, also when the answer that said so was lost.
   *
   * @param id as `outbox` and the report of `flushOutbox` have it.
   * @returns what waited; `undefined` for what was damaged.
   * @throws {StemmaError} NOT_FOUND for what does not wait, or waits for another registry; INVALID_INPUT.
   */
  discardQueued(id: string, options?: CallOptions): Promise<QueuedModel | undefined>

  /** Whether a commit that ended with COMMIT_UNKNOWN took place: its place in the journal, or `undefined`. */
  resolveCommit(name: string, commitId: string, options?: CallOptions): Promise<{ n: number } | undefined>

  /** Ends watches and frees what is held. May be called again. */
  close(): Promise<void>
}
