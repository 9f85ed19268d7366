/** Asks an MLflow server as any other client would, past stemma. */
export async function mlflowGet(url: string, path: string, query: Readonly<Record<string, string>> = {}): Promise<Record<string, unknown>> {
  const address = new URL(`${url}/api/2.0/mlflow/${path}`)
  for (const [key, value] of Object.entries(query)) address.searchParams.set(key, value)
  const reply = await fetch(address)
  return (await reply.json()) as Record<string, unknown>
}

/** Changes something on an MLflow server, past stemma. */
export async function mlflowPost(url: string, path: string, body: unknown, method = 'POST'): Promise<Record<string, unknown>> {
  const reply = await fetch(`${url}/api/2.0/mlflow/${path}`, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  return (await reply.json()) as Record<string, unknown>
}

/** A version of a registered model, as MLflow has it. */
export interface SeenVersion {
  version: string
  current_stage: string
  source: string
  run_id: string
  description?: string
  tags?: { key: string; value: string }[]
}

/** All versions of a registered model, by number. */
export async function seenVersions(url: string, name: string): Promise<SeenVersion[]> {
  const found = (await mlflowGet(url, 'model-versions/search', { filter: `name = '${name}'`, max_results: '1000' })) as { model_versions?: SeenVersion[] }
  return (found.model_versions ?? []).sort((left, right) => Number(left.version) - Number(right.version))
}

/** Aliases of a registered model, to numbers. */
export async function seenAliases(url: string, name: string): Promise<Record<string, string>> {
  const found = (await mlflowGet(url, 'registered-models/get', { name })) as { registered_model: { aliases?: { alias: string; version: string }[] } }
  return Object.fromEntries((found.registered_model.aliases ?? []).map(({ alias, version }) => [alias, version]))
}

/** Statuses of the runs of an experiment. */
export async function runStatuses(url: string, experiment: string): Promise<string[]> {
  const found = (await mlflowGet(url, 'experiments/get-by-name', { experiment_name: experiment })) as { experiment: { experiment_id: string } }
  const { runs } = (await mlflowPost(url, 'runs/search', { experiment_ids: [found.experiment.experiment_id] })) as { runs?: { info: { status: string } }[] }
  return (runs ?? []).map(({ info }) => info.status)
}
