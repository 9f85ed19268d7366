import { isStemmaError } from '../../errors/stemma-error.js'
import type { VersionSummary } from '../../schemas/model-version.js'
import { mapLimited } from '../../util/map-limited.js'
import { isMlflowKey } from './check-limits.js'
import type { Connection } from './connection.js'
import { MLFLOW, type MlflowVersion } from './endpoints.js'
import type { MirrorStep } from './mirror.js'
import { isMissingRoute } from './mlflow-error.js'
import { placementOf } from './placement.js'
import { runMetrics } from './run-data.js'
import { mlflowStage, wantedTags } from './wanted.js'

const CONCURRENT_CALLS = 8

/**
 * Makes versions of the registered model show what changed. Those that leave production do so before another enters it, so that at no
 * moment two are seen there for one audience.
 */
export async function mirrorVersions(connection: Connection, step: MirrorStep): Promise<void> {
  const leaving = step.changed.filter(({ stage }) => stage !== 'production')
  const entering = step.changed.filter(({ stage }) => stage === 'production')
  // New versions one after the other: MLflow gives out its numbers in that order.
  for (const group of [leaving, entering]) {
    for (const version of group) await mirrorVersion(connection, step, version)
  }
}

async function mirrorVersion(connection: Connection, step: MirrorStep, version: VersionSummary): Promise<void> {
  const { client } = connection
  const { name, rows } = step
  const before = step.before.versions[version.sequence - 1]
  const found = before || version.deleted ? await rows.find(version) : await findNew(step, version)
  if (version.deleted) {
    if (!found) return
    await removeAliases(connection, step, found.version)
    await ignoringAbsent(client.call(MLFLOW.deleteVersion, { body: { name, version: found.version } }))
    rows.forget(version.sequence)
    return
  }
  const row = found ?? (await rows.create(version))
  await mirrorStage(connection, step, version, row)
  const changes = [...tagChanges(before, version, row), ...descriptionChanges(version, row)]
  await mapLimited(changes, CONCURRENT_CALLS, (change) => change(connection, name, row.version))
  await mirrorMetrics(connection, before, version)
}

/** One that another process, or an attempt before this one, has registered already. */
function findNew({ rows }: MirrorStep, version: VersionSummary): Promise<MlflowVersion | undefined> {
  return rows.find(version)
}

async function mirrorStage(connection: Connection, { name }: MirrorStep, version: VersionSummary, row: MlflowVersion): Promise<void> {
  const stage = mlflowStage(version.stage) ?? 'None'
  if (connection.features.stages === false || (row.current_stage ?? 'None') === stage) return
  try {
    await connection.client.call(MLFLOW.transitionStage, { body: { name, version: row.version, stage, archive_existing_versions: false } })
  } catch (error) {
    // Registries without stages, as Databricks' newer one: aliases alone show them.
    if (!isMissingRoute(error) && !isStemmaError(error, 'UNSUPPORTED')) throw error
    connection.features.stages = false
  }
}

type Change = (connection: Connection, name: string, version: string) => Promise<unknown>

function tagChanges(before: VersionSummary | undefined, version: VersionSummary, row: MlflowVersion): Change[] {
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

function descriptionChanges({ description = '' }: VersionSummary, row: MlflowVersion): Change[] {
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
  for (const { alias, version } of registered.aliases) {
    if (version === number) await ignoringAbsent(client.call(MLFLOW.deleteAlias, { body: { name, alias } }))
  }
}

/** Work that is done when what it is about is gone. */
export async function ignoringAbsent(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!isStemmaError(error, 'NOT_FOUND')) throw error
  }
}
