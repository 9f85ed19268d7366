import type { HistoryEntry } from '../../schemas/history.js'
import { timeText } from './amounts.js'
import type { Column } from './table.js'
import { valueText } from './value-text.js'

const MAX_CHANGES = 6

/** Events as rows. */
export const HISTORY_COLUMNS: readonly Column<HistoryEntry>[] = [
  { title: 'when', value: ({ at }) => timeText(at) },
  { title: 'what', value: ({ type }) => type },
  { title: 'version', value: ({ version }) => version, style: 'name' },
  { title: 'for', value: ({ audience }) => audience },
  { title: 'in place of', value: ({ replaced }) => replaced },
  { title: 'changes', value: changeLines },
  { title: 'who', value: ({ actor }) => actor },
  { title: 'why', value: ({ reason }) => reason }
]

function changeLines({ changes, version }: HistoryEntry): string[] {
  const lines = changes
    .filter(({ field }) => field !== 'created')
    .map(({ version: of, field, from, to }) => `${of === version ? '' : `${of} `}${field}: ${valueText(from)} → ${valueText(to)}`)
  return lines.length <= MAX_CHANGES ? lines : [...lines.slice(0, MAX_CHANGES - 1), `… and ${lines.length - MAX_CHANGES + 1} more`]
}
