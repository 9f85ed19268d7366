import type { Birth } from '../../schemas/birth.js'
import type { CreateVersionRequest } from '../../schemas/requests.js'
import { paramText } from './check-limits.js'

/** A key and its value, as MLflow's requests have them. */
export interface KeyValue {
  readonly key: string
  readonly value: string
}

const MAX_RUN_TAG = 8_000
const DATASET_DIGEST = 36
const MAX_SOURCE = 65_000

/** Tags of the run: MLflow's own names where it has them. */
export function runTags({ name, birth }: CreateVersionRequest, actor: string | undefined, token: string): KeyValue[] {
  const { code, environment, hardware } = birth
  const found: [string, string | undefined][] = [
    ['stemma.log', token],
    ['stemma.model', name],
    ['mlflow.user', actor],
    ['mlflow.source.type', 'LOCAL'],
    ...(code.state === 'captured'
      ? ([
          ['mlflow.source.name', code.entryPoint],
          ['mlflow.source.git.commit', code.commit],
          ['mlflow.source.git.branch', code.branch],
          ['mlflow.source.git.repoURL', code.remote],
          ['mlflow.source.git.dirty', code.dirty === undefined ? undefined : String(code.dirty)]
        ] satisfies [string, string | undefined][])
      : []),
    ...(environment.state === 'captured'
      ? ([
          ['stemma.env.digest', environment.digest],
          ['stemma.env.runtime', `${environment.runtime.name} ${environment.runtime.version}`],
          ['stemma.env.os', `${environment.os.platform} ${environment.os.release} ${environment.os.arch}`]
        ] satisfies [string, string | undefined][])
      : []),
    ['stemma.env.hardware', hardware.state === 'captured' ? short(JSON.stringify(hardware)) : undefined]
  ]
  return found.flatMap(([key, value]) => (value === undefined || value === '' ? [] : [{ key, value }]))
}

/** What does not fit is left out, not cut: the journal has all of it. */
function short(text: string): string | undefined {
  return text.length <= MAX_RUN_TAG ? text : undefined
}

/** Params as MLflow has them: texts. */
export function runParams({ params }: Birth): KeyValue[] {
  return Object.entries(params).map(([key, value]) => ({ key, value: paramText(value) }))
}

/** Metrics as MLflow has them. */
export function runMetrics(metrics: Readonly<Record<string, number>>, timestamp: number, modelId: string | undefined) {
  return Object.entries(metrics).map(([key, value]) => ({ key, value, timestamp, step: 0, ...(modelId === undefined ? {} : { model_id: modelId }) }))
}

/** Data sets as inputs of the run. MLflow's digest has 36 characters at most: the whole one is in a tag beside it. */
export function runDatasets({ datasets }: Birth) {
  return datasets.map(({ name, digest, version, uri, role }) => {
    const tags: KeyValue[] = [
      ...(role === undefined ? [] : [{ key: 'mlflow.data.context', value: role }]),
      ...(digest === undefined ? [] : [{ key: 'stemma.digest', value: digest.slice(0, 500) }]),
      ...(version === undefined ? [] : [{ key: 'stemma.version', value: version.slice(0, 500) }])
    ]
    const short = (digest?.slice(digest.indexOf(':') + 1) ?? version ?? 'unknown').slice(0, DATASET_DIGEST)
    return { dataset: { name, digest: short, source_type: 'stemma', source: JSON.stringify({ uri: uri ?? name }).slice(0, MAX_SOURCE) }, tags }
  })
}
