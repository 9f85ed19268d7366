import { isStemmaError } from '../../errors/stemma-error.js'
import type { Connection } from './connection.js'
import { MLFLOW } from './endpoints.js'
import { ignoringAbsent } from './ignoring-absent.js'
import type { MirrorStep } from './mirror.js'

/** Sets the aliases that changed, and removes those that are gone; others, that people set in MLflow, are left alone. */
export async function mirrorAliases({ client }: Connection, { name, before, state, registered, rows }: MirrorStep, wanted: ReadonlyMap<string, number>): Promise<void> {
  const there = new Map(registered?.aliases.map(({ alias, version }) => [alias, version]))
  for (const alias of before.aliases.keys()) {
    if (wanted.has(alias)) continue
    try {
      await ignoringAbsent(client.call(MLFLOW.deleteAlias, { body: { name, alias } }))
    } catch (error) {
      // 2.x says so of an alias that is not there.
      if (!isStemmaError(error, 'INVALID_INPUT')) throw error
    }
  }
  for (const [alias, sequence] of wanted) {
    const version = state.versions[sequence - 1]
    if (!version || before.aliases.get(alias) === sequence) continue
    const number = rows.number(sequence) ?? (await rows.find(version))?.version
    if (number === undefined || there.get(alias) === number) continue
    await client.call(MLFLOW.setAlias, { body: { name, alias, version: number } })
  }
}
