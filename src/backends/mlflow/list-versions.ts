import type { CallOptions } from '../../util/options.js'
import type { MlflowClient } from './client.js'
import { MLFLOW, type MlflowVersion } from './endpoints.js'

const PAGE = 1_000

/** All versions of a registered model after number `after`, by number; those with a tag of that value only, if one is given. */
export async function listVersions(client: MlflowClient, name: string, { signal, tag, after = 0 }: CallOptions & { tag?: { key: string; value: string } | undefined; after?: number | undefined }): Promise<MlflowVersion[]> {
  const found: MlflowVersion[] = []
  const also = tag === undefined ? '' : ` AND tags.\`${tag.key}\` = '${tag.value}'`
  for (;;) {
    const last = found.at(-1)?.version ?? String(after)
    // By number, not by pages: the pages of MLflow move under concurrent writes.
    const filter = `name = '${name}' AND version_number > ${last}${also}`
    const { model_versions: page } = await client.call(MLFLOW.searchVersions, { query: { filter, max_results: PAGE, order_by: 'version_number ASC' }, signal })
    found.push(...page.toSorted((left, right) => Number(left.version) - Number(right.version)))
    if (page.length < PAGE) return found
  }
}
