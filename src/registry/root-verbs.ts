import type { MutationOptions } from '../backends/backend.js'
import type { VersionComparison } from '../schemas/comparison.js'
import type { HistoryEntry } from '../schemas/history.js'
import type { LineageGraph } from '../schemas/lineage.js'
import type { ModelSummary, ModelVersion } from '../schemas/model-version.js'
import type { GarbageReport, VerificationReport } from '../schemas/report.js'
import type { SearchQuery } from '../schemas/search.js'
import type { CallOptions, TransferOptions } from '../util/options.js'
import type { GarbageOptions } from './collect-garbage.js'
import { registryFor, registryOrCache, type RootOptions } from './default-registry.js'
import type { DeleteOptions } from './delete-version.js'
import type { GetModelOptions, LoadedModel } from './get-model.js'
import type { LineageOptions, LineageOrigin } from './lineage.js'
import type { OutboxReport } from './flush-outbox.js'
import type { Logged, LogModelInput, LogModelOptions, Offline } from './log-model.js'
import type { QueuedModel } from './outbox/queued-model.js'
import type { VersionReference } from './registry.js'
import type { RollbackOptions } from './rollback.js'
import type { Stage, TransitionOptions } from './transition-stage.js'
import type { MetadataChanges } from './update-metadata.js'
import type { VersionsOptions } from './versions.js'

/**
 * Logs a model: hashes and stores every artifact, captures git, environment and hardware, and registers the next version.
 *
 * @throws {StemmaError} as `Registry.logModel`.
 * @example
 * ```ts
 * const version = await logModel({ name: 'credit-score', artifacts: './out', metrics: { auc: 0.93 }, datasets: ['data/loans.csv'] })
 * console.log(version.version, version.digest) // 1.0.0 sha256:…
 * ```
 */
export async function logModel<Mode extends Offline = 'fail'>(input: LogModelInput, options: LogModelOptions<Mode> & RootOptions = {}): Promise<Logged<Mode>> {
  return (await registryFor(options, 'write')).logModel(input, options)
}

/**
 * Delivers models that were queued while the registry was out of reach, each exactly once.
 *
 * @throws {StemmaError} as `Registry.flushOutbox`.
 * @example
 * ```ts
 * const { delivered, waiting } = await flushOutbox()
 * console.log(`${delivered.length} delivered, ${waiting.length} still waiting`)
 * ```
 */
export async function flushOutbox(options: TransferOptions & RootOptions = {}): Promise<OutboxReport> {
  return (await registryFor(options)).flushOutbox(options)
}

/**
 * Gives up a queued model, for instance one that the registry refuses for good; its bytes are removed with it.
 *
 * @throws {StemmaError} as `Registry.discardQueued`.
 * @example
 * ```ts
 * const { failed } = await flushOutbox()
 * for (const { id, error } of failed) if (error.code === 'ALREADY_EXISTS') await discardQueued(id)
 * ```
 */
export async function discardQueued(id: string, options: CallOptions & RootOptions = {}): Promise<QueuedModel | undefined> {
  return (await registryFor(options)).discardQueued(id, options)
}

/**
 * Hands out a version's files: resolved, fetched, verified byte by byte, kept in the cache for the next start.
 *
 * @throws {StemmaError} as `Registry.getModel`.
 * @example
 * ```ts
 * const model = await getModel('credit-score@production')
 * const session = await InferenceSession.create(model.path('model.onnx'))
 * ```
 */
export async function getModel(reference: VersionReference, options: GetModelOptions & RootOptions = {}): Promise<LoadedModel> {
  return (await registryOrCache(options)).getModel(reference, options)
}

/**
 * The metadata of a version, without its files.
 *
 * @throws {StemmaError} as `Registry.getVersion`.
 * @example
 * ```ts
 * const then = await getVersion('credit-score@production?at=2026-03-01')
 * ```
 */
export async function getVersion(reference: VersionReference, options: CallOptions & RootOptions = {}): Promise<ModelVersion> {
  return (await registryFor(options)).getVersion(reference, options)
}

/**
 * The metadata of a version, or `undefined` when the reference means nothing.
 *
 * @throws {StemmaError} as `Registry.findVersion`.
 * @example
 * ```ts
 * const live = await findVersion('credit-score@production')
 * ```
 */
export async function findVersion(reference: VersionReference, options: CallOptions & RootOptions = {}): Promise<ModelVersion | undefined> {
  return (await registryFor(options)).findVersion(reference, options)
}

/**
 * Moves a version to a stage, with all that this displaces, as one atomic change.
 *
 * @throws {StemmaError} as `Registry.transitionStage`.
 * @example
 * ```ts
 * await transitionStage('credit-score@1.2.0', 'production', { audience: 'bucket-b', expectedCurrent: '1.1.0', reason: 'auc +0.02' })
 * ```
 */
export async function transitionStage(
  reference: VersionReference,
  stage: Stage,
  options: TransitionOptions & RootOptions = {}
): Promise<ModelVersion> {
  return (await registryFor(options)).transitionStage(reference, stage, options)
}

/**
 * Makes the version live again that was live before the current one, after re-hashing its bytes.
 *
 * @throws {StemmaError} as `Registry.rollback`.
 * @example
 * ```ts
 * const back = await rollback('credit-score', { reason: 'error rate doubled' })
 * console.log(`serving ${back.version} again`)
 * ```
 */
export async function rollback(name: string, options: RollbackOptions & RootOptions = {}): Promise<ModelVersion> {
  return (await registryFor(options)).rollback(name, options)
}

/**
 * Changes living metadata: tags, description, added metrics, aliases, approvals. Old values stay in the history.
 *
 * @throws {StemmaError} as `Registry.updateMetadata`.
 * @example
 * ```ts
 * await updateMetadata('credit-score@1.2.0', { tags: { reviewed: 'yes' }, metrics: { auc_week_1: 0.91 } })
 * ```
 */
export async function updateMetadata(
  reference: VersionReference,
  changes: MetadataChanges,
  options: MutationOptions & RootOptions = {}
): Promise<ModelVersion> {
  return (await registryFor(options)).updateMetadata(reference, changes, options)
}

/**
 * Puts a tombstone on a version: it cannot be loaded or promoted any more; its history stays.
 *
 * @throws {StemmaError} as `Registry.deleteVersion`.
 * @example
 * ```ts
 * await deleteVersion('credit-score@1.0.3', { reason: 'trained on withdrawn data' })
 * ```
 */
export async function deleteVersion(reference: VersionReference, options: DeleteOptions & RootOptions): Promise<ModelVersion> {
  return (await registryFor(options)).deleteVersion(reference, options)
}

/**
 * All models, by name.
 *
 * @example
 * ```ts
 * for await (const model of models()) console.log(model.name, model.latest, model.production)
 * ```
 */
export async function* models(options: CallOptions & RootOptions = {}): AsyncGenerator<ModelSummary, void, undefined> {
  yield* (await registryFor(options)).models(options)
}

/**
 * All versions of a model, newest first.
 *
 * @throws {StemmaError} NOT_FOUND
 * @example
 * ```ts
 * for await (const version of versions('credit-score')) console.log(version.version, version.stage, version.metrics)
 * ```
 */
export async function* versions(name: string, options: VersionsOptions & RootOptions = {}): AsyncGenerator<ModelVersion, void, undefined> {
  yield* (await registryFor(options)).versions(name, options)
}

/**
 * Versions that match a filter, typed or as text, over all models.
 *
 * @throws {StemmaError} INVALID_QUERY
 * @example
 * ```ts
 * for await (const version of search({ where: { 'metrics.auc': { gte: 0.9 } }, orderBy: 'metrics.auc desc', limit: 10 })) console.log(version.version)
 * ```
 */
export async function* search(query: SearchQuery | string = {}, options: CallOptions & RootOptions = {}): AsyncGenerator<ModelVersion, void, undefined> {
  yield* (await registryFor(options)).search(query, options)
}

/**
 * Every change of a model or of one version, oldest first: who, when, why, old and new values.
 *
 * @throws {StemmaError} NOT_FOUND
 * @example
 * ```ts
 * for await (const entry of history('credit-score')) console.log(entry.at, entry.actor, entry.type, entry.version, entry.reason)
 * ```
 */
export async function* history(
  nameOrReference: VersionReference,
  options: CallOptions & RootOptions = {}
): AsyncGenerator<HistoryEntry, void, undefined> {
  yield* (await registryFor(options)).history(nameOrReference, options)
}

/**
 * What made a version and what was made from it; or what was made from a data set, a commit or an environment.
 *
 * @throws {StemmaError} NOT_FOUND
 * @example
 * ```ts
 * console.log(toMermaid(await lineage('credit-score@production')))
 * ```
 */
export async function lineage(origin: LineageOrigin, options: LineageOptions & RootOptions = {}): Promise<LineageGraph> {
  return (await registryFor(options)).lineage(origin, options)
}

/**
 * What differs between two versions: artifacts, metrics, params, data sets, code, environment.
 *
 * @throws {StemmaError} NOT_FOUND
 * @example
 * ```ts
 * const { metrics } = await compare('credit-score@production', 'credit-score@latest')
 * ```
 */
export async function compare(a: VersionReference, b: VersionReference, options: CallOptions & RootOptions = {}): Promise<VersionComparison> {
  return (await registryFor(options)).compare(a, b, options)
}

/**
 * Re-reads every event and re-hashes every byte of the registry, or of one version; reports each damaged file.
 *
 * @example
 * ```ts
 * const report = await verify()
 * if (!report.ok) for (const problem of report.problems) console.error(problem.message)
 * ```
 */
export async function verify(reference?: VersionReference, options: TransferOptions & RootOptions = {}): Promise<VerificationReport> {
  return (await registryFor(options)).verify(reference, options)
}

/**
 * Removes bytes that no version needs, in two runs an hour apart.
 *
 * @throws {StemmaError} INVALID_INPUT for a grace below one hour without `force`.
 * @example
 * ```ts
 * const { trashed } = await collectGarbage({ dryRun: true })
 * ```
 */
export async function collectGarbage(options: GarbageOptions & RootOptions = {}): Promise<GarbageReport> {
  return (await registryFor(options)).collectGarbage(options)
}

/**
 * Yields the version that a reference means now, and again each time it comes to mean another. Errors that may pass do not end it:
 * see `Registry.watch`.
 *
 * @example
 * ```ts
 * for await (const version of watch('credit-score@production', { signal })) model = await getModel(`credit-score@${version.version}`)
 * ```
 */
export async function* watch(reference: VersionReference, options: CallOptions & RootOptions = {}): AsyncGenerator<ModelVersion, void, undefined> {
  yield* (await registryFor(options)).watch(reference, options)
}
