import type { HistoryEntry } from '../../schemas/history.js'
import { timeText } from './amounts.js'
import type { Column } from './table.js'
import { valueText } from './value-text.js'

const MAX_CHANGES = 6

/** Events as rows. */
export const HISTORY_COLUMNS: readonly Column<HistoryEntry>[] = [
  { title: 'WHEN', value: ({ at }) => timeText(at) },
  { title: 'WHAT', value: ({ type }) => type },
  { title: 'VERSION', value: ({ version }) => version, style: 'name' },
  { title: 'FOR', value: ({ audience }) => audience },
  { title: 'IN PLACE OF', value: ({ replaced }) => replaced },
  { title: 'CHANGES', value: changeLines },
  { title: 'WHO', value: ({ actor }) => actor },
  { title: 'WHY', value: ({ reason }) => reason }
]

function changeLines({ changes, version }: HistoryEntry): string[] {
  const lines = changes
    .filter(({ field, from, to }) => field !== 'created' && valueText(from) !== valueText(to))
    .map(({ version: of, field, from, to }) => `${of === version ? '' : `${of} `}${field}: ${valueText(from)} → ${valueText(to)}`)
  return lines.length <= MAX_CHANGES ? lines : [...lines.slice(0, MAX_CHANGES - 1), `… and ${lines.length - MAX_CHANGES + 1} more`]
}
