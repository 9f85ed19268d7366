import { isStemmaError } from '../../errors/stemma-error.js'
import type { VersionSummary } from '../../schemas/model-version.js'
import { mapLimited } from '../../util/map-limited.js'
import { isMlflowKey } from './check-limits.js'
import type { Connection } from './connection.js'
import { MLFLOW, type MlflowVersion } from './endpoints.js'
import { ignoringAbsent } from './ignoring-absent.js'
import type { MirrorStep } from './mirror.js'
import { mirrorAliases } from './mirror-aliases.js'
import { isMissingRoute } from './mlflow-error.js'
import { placementOf } from './placement.js'
import { registeredModel } from './registered-model.js'
import { runMetrics, type KeyValue } from './run-data.js'
import { mlflowStage, wantedTags } from './wanted.js'

const CONCURRENT_CALLS = 8
const CONCURRENT_VERSIONS = 4

/**
 * Makes versions of the registered model, and its aliases, show what changed. Versions that leave production do so before another enters
 * it, so that at no moment two are seen there for one audience.
 */
export async function mirrorChanges(connection: Connection, step: MirrorStep, aliases: ReadonlyMap<string, number>): Promise<void> {
  const leaving = step.changed.filter(({ stage }) => stage !== 'production')
  const entering = step.changed.filter(({ stage }) => stage === 'production')
  await mirrorVersions(connection, step, leaving)
  if (step.isNew && step.changed.every(({ sequence }) => step.rows.number(sequence) !== undefined)) {
    await Promise.all([mirrorVersions(connection, step, entering), mirrorAliases(connection, step, aliases)])
    return
  }
  await mirrorVersions(connection, step, entering)
  await mirrorAliases(connection, step, aliases)
}

async function mirrorVersions(connection: Connection, step: MirrorStep, versions: readonly VersionSummary[]): Promise<void> {
  await mapLimited(
    versions.filter((version) => isThere(step, version)),
    CONCURRENT_VERSIONS,
    (version) => mirrorVersion(connection, step, version)
  )
  // New versions one after the other: MLflow gives out its numbers in that order.
  for (const version of versions) if (!isThere(step, version)) await mirrorVersion(connection, step, version)
}

function isThere({ before }: MirrorStep, { sequence }: VersionSummary): boolean {
  return before.versions[sequence - 1] !== undefined
}

async function mirrorVersion(connection: Connection, step: MirrorStep, version: VersionSummary): Promise<void> {
  const { name, rows } = step
  const before = step.before.versions[version.sequence - 1]
  const number = rows.number(version.sequence)
  if (step.isNew && before && number !== undefined && !version.deleted && mlflowStage(before.stage) !== mlflowStage(version.stage)) {
    // What it showed before is known, and the stage is set whatever it is: no need to look.
    const row = { version: number, current_stage: undefined, description: before.description, tags: wantedTags(before) }
    try {
      await mirrorRow(connection, { name, before, version, row })
      return
    } catch (error) {
      // Somebody took it away in MLflow.
      if (!isStemmaError(error, 'NOT_FOUND')) throw error
    }
  }
  // Another process, or an attempt before this one, may have registered it already.
  const found = step.isNew && !before && !version.deleted ? undefined : await rows.find(version)
  if (version.deleted) {
    if (!found) return
    await removeAliases(connection, step, found.version)
    await ignoringAbsent(connection.client.call(MLFLOW.deleteVersion, { body: { name, version: found.version } }))
    rows.forget(version.sequence)
    return
  }
  const row = found ?? (await rows.create(version))
  await mirrorRow(connection, { name, before, version, row: { ...row, current_stage: row.current_stage ?? 'None' } })
}

/** What a version of the registered model shows; without a stage where that has to be set in any case. */
type ShownRow = Pick<MlflowVersion, 'version' | 'current_stage' | 'description'> & { readonly tags: readonly KeyValue[] }

interface RowStep {
  readonly name: string
  readonly before: VersionSummary | undefined
  readonly version: VersionSummary
  readonly row: ShownRow
}

async function mirrorRow(connection: Connection, { name, before, version, row }: RowStep): Promise<void> {
  const changes: Change[] = [
    () => mirrorStage(connection, name, version, row),
    ...tagChanges(before, version, row),
    ...descriptionChanges(version, row),
    () => mirrorMetrics(connection, before, version)
  ]
  await mapLimited(changes, CONCURRENT_CALLS, (change) => change(connection, name, row.version))
}

async function mirrorStage(connection: Connection, name: string, version: VersionSummary, row: ShownRow): Promise<void> {
  const stage = mlflowStage(version.stage) ?? 'None'
  if (connection.features.stages === false || row.current_stage === stage) return
  try {
    await connection.client.call(MLFLOW.transitionStage, { body: { name, version: row.version, stage, archive_existing_versions: false } })
  } catch (error) {
    // Registries without stages, as Databricks' newer one: aliases alone show them.
    if (!isMissingRoute(error) && !isStemmaError(error, 'UNSUPPORTED')) throw error
    connection.features.stages = false
  }
}

type Change = (connection: Connection, name: string, version: string) => Promise<unknown>

function tagChanges(before: VersionSummary | undefined, version: VersionSummary, row: ShownRow): Change[] {
  const there = new Map(row.tags.map(({ key, value }) => [key, value]))
  const wanted = wantedTags(version).filter(({ key }) => isMlflowKey(key))
  const kept = new Set(wanted.map(({ key }) => key))
  const gone = Object.keys(before?.tags ?? {}).filter((key) => !kept.has(key) && there.has(key))
  return [
    ...wanted
      .filter(({ key, value }) => there.get(key) !== value)
      .map(({ key, value }): Change => ({ client }, name, version) => client.call(MLFLOW.setVersionTag, { body: { name, version, key, value } })),
    ...gone.map((key): Change => ({ client }, name, version) => ignoringAbsent(client.call(MLFLOW.deleteVersionTag, { body: { name, version, key } })))
  ]
}

function descriptionChanges({ description = '' }: VersionSummary, row: ShownRow): Change[] {
  if (description === (row.description ?? '')) return []
  return [({ client }, name, version) => client.call(MLFLOW.updateVersion, { body: { name, version, description } })]
}

/** Metrics that were added since: those of its birth are with its run already. */
async function mirrorMetrics({ client, sources }: Connection, before: VersionSummary | undefined, version: VersionSummary): Promise<void> {
  const placement = placementOf(version)
  if (!before || before.metrics === version.metrics || placement?.runId === undefined) return
  const added = Object.entries(version.metrics).filter(([key, value]) => before.metrics[key] !== value)
  if (added.length === 0) return
  const metrics = runMetrics(Object.fromEntries(added), sources.now(), placement.modelId)
  await client.call(MLFLOW.logBatch, { body: { run_id: placement.runId, metrics } })
}

/** A version that is deleted leaves its aliases behind, and then nobody can resolve them. */
async function removeAliases({ client }: Connection, { name, registered }: MirrorStep, number: string): Promise<void> {
  const { aliases } = registered ?? (await registeredModel(client, name))
  for (const { alias, version } of aliases) {
    if (version === number) await ignoringAbsent(client.call(MLFLOW.deleteAlias, { body: { name, alias } }))
  }
}
