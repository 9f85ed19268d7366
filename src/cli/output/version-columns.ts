import type { ModelVersion } from '../../schemas/model-version.js'
import { sizeText, timeText } from './amounts.js'
import type { Column } from './table.js'

const MAX_METRICS = 4

/** Versions as rows. */
export const VERSION_COLUMNS: readonly Column<ModelVersion>[] = [
  { title: 'VERSION', value: ({ version }) => version, style: 'name' },
  { title: 'STAGE', value: stageOf },
  { title: 'LIVE FOR', value: ({ audiences }) => audiences.join(', ') },
  { title: 'ALIASES', value: ({ aliases }) => aliases.join(', ') },
  { title: 'METRICS', value: ({ metrics }) => metricsText(metrics) },
  { title: 'SIZE', value: ({ sizeBytes }) => sizeText(sizeBytes), align: 'right' },
  { title: 'CREATED', value: ({ createdAt }) => timeText(createdAt) },
  { title: 'BY', value: ({ createdBy }) => createdBy }
]

/** Versions of several models as rows. */
export const FOUND_COLUMNS: readonly Column<ModelVersion>[] = [{ title: 'MODEL', value: ({ name }) => name, style: 'strong' }, ...VERSION_COLUMNS]

function stageOf({ stage, deleted }: ModelVersion): string {
  return deleted === undefined ? stage : `${stage}, deleted`
}

/** The first metrics in one line, `auc=0.93 loss=0.12`. */
function metricsText(metrics: ModelVersion['metrics']): string {
  const entries = Object.entries(metrics)
  const shown = entries.slice(0, MAX_METRICS).map(([name, value]) => `${name}=${numberText(value)}`)
  return [...shown, ...(entries.length > MAX_METRICS ? ['…'] : [])].join(' ')
}

/** A number for people, to six digits. */
export function numberText(value: number): string {
  return String(Number(value.toPrecision(6)))
}
