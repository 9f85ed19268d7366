import type { VersionComparison } from '../../schemas/comparison.js'
import { sizeText } from './amounts.js'
import type { Paint } from './paint.js'
import { plainText } from './plain-text.js'
import { tableText } from './table.js'
import { valueText } from './value-text.js'

interface Row {
  field: string
  a: string
  b: string
  delta?: string | undefined
}

/** The differences of two versions as rows: what, on this side, on that side, and by how much. */
export async function comparisonText(comparison: VersionComparison, paint: Paint): Promise<string> {
  const { a, b, sizeDeltaBytes } = comparison
  const left = `${a.name}@${a.version}`
  const right = `${b.name}@${b.version}`
  const rows = rowsOf(comparison)
  const title = `${left} → ${right}${comparison.sameArtifacts ? ', with the same files' : `, ${signed(sizeDeltaBytes, sizeText)}`}`
  const table = await tableText(
    rows,
    [
      { title: 'WHAT', value: ({ field }) => field, style: 'strong' },
      { title: left, value: (row) => row.a, style: 'bad' },
      { title: right, value: (row) => row.b, style: 'good' },
      { title: 'BY', value: ({ delta }) => delta, align: 'right' }
    ],
    paint,
    'no differences'
  )
  return `${plainText(title)}\n\n${table}`
}

/** Whether anything differs. */
export function differs(comparison: VersionComparison): boolean {
  return rowsOf(comparison).length > 0
}

function rowsOf({ artifacts, metrics, evaluations, featureImportance, ...rest }: VersionComparison): Row[] {
  const numbers = [...within('metrics', metrics), ...within('evaluations', evaluations), ...within('featureImportance', featureImportance)]
  const values = [...within('params', rest.params), ...within('tags', rest.tags), ...within('datasets', rest.datasets), ...within('code', rest.code)]
  const surroundings = [...within('environment', rest.environment), ...within('hardware', rest.hardware), ...rest.other]
  const gone = '–'
  return [
    ...artifacts.added.map(({ path, sizeBytes }) => ({ field: `file ${path}`, a: gone, b: sizeText(sizeBytes) })),
    ...artifacts.removed.map(({ path, sizeBytes }) => ({ field: `file ${path}`, a: sizeText(sizeBytes), b: gone })),
    ...artifacts.changed.map((file) => ({
      field: `file ${file.path}`,
      a: sizeText(file.a.sizeBytes),
      b: sizeText(file.b.sizeBytes),
      delta: signed(file.b.sizeBytes - file.a.sizeBytes, sizeText)
    })),
    ...numbers.map(({ field, a, b, delta }) => ({ field, a: valueText(a), b: valueText(b), delta: delta === undefined ? undefined : signed(delta, short) })),
    ...[...values, ...surroundings].map(({ field, a, b }) => ({ field, a: valueText(a), b: valueText(b) }))
  ]
}

/** Fields with the part of the version that they are of, where they do not say it themselves. */
function within<T extends { field: string }>(part: string, differences: readonly T[]): T[] {
  return differences.map((difference) => ({ ...difference, field: difference.field.startsWith(`${part}.`) ? difference.field : `${part}.${difference.field}` }))
}

function signed(value: number, text: (value: number) => string): string {
  return value > 0 ? `+${text(value)}` : text(value)
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)))
}
