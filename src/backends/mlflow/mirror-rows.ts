import type { VersionSummary } from '../../schemas/model-version.js'
import type { Connection } from './connection.js'
import { MLFLOW, type MlflowVersion } from './endpoints.js'
import { listVersions } from './list-versions.js'
import { placementOf } from './placement.js'
import { wantedTags } from './wanted.js'

/** Which version of the registered model shows a version. */
export interface Rows {
  /** `undefined` when none does. */
  find(version: VersionSummary): Promise<MlflowVersion | undefined>
  /** Registers it in MLflow, once, also when a reply is lost or others do the same. */
  create(version: VersionSummary): Promise<MlflowVersion>
  /** Numbers of the registered model's versions, by sequence, as far as they were asked for. */
  number(sequence: number): string | undefined
  forget(sequence: number): void
}

/** Looks rows up by the version's tag; numbers that were found once are remembered. */
export function createRows(connection: Connection, name: string): Rows {
  const { client } = connection
  const numbers = new Map<number, string>()

  const find = async (version: VersionSummary): Promise<MlflowVersion | undefined> => {
    const theirs = placementOf(version)?.version
    if (theirs !== undefined) {
      const row = (await listVersions(client, name, { after: Number(theirs) - 1 })).find((candidate) => candidate.version === theirs)
      if (row) numbers.set(version.sequence, row.version)
      return row
    }
    const [row, ...others] = await listVersions(client, name, { tag: { key: 'stemma.version', value: version.version } })
    if (!row) return undefined
    // Two that registered the same version at the same time: the first one stays.
    for (const other of others) await client.call(MLFLOW.deleteVersion, { body: { name, version: other.version } }).catch(() => undefined)
    numbers.set(version.sequence, row.version)
    return row
  }

  return {
    find,
    async create(version) {
      const placement = placementOf(version)
      await client.call(MLFLOW.createVersion, {
        body: {
          name,
          source: placement?.source,
          ...(placement?.runId === undefined ? {} : { run_id: placement.runId }),
          ...(placement?.modelId === undefined ? {} : { model_id: placement.modelId }),
          ...(version.description === undefined ? {} : { description: version.description }),
          tags: wantedTags(version)
        }
      })
      const row = await find(version)
      if (!row) throw new TypeError(`${name} ${version.version} was registered and is not found`)
      return row
    },
    number: (sequence) => numbers.get(sequence),
    forget: (sequence) => numbers.delete(sequence)
  }
}
