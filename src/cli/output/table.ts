import type { Paint } from './paint.js'
import { plainText } from './plain-text.js'

/** A column of a table. A cell of several lines is an array. */
export interface Column<T> {
  title: string
  value: (item: T) => string | readonly string[] | undefined
  align?: 'right' | undefined
  style?: Parameters<Paint>[0] | undefined
}

const MAX_CELL = 72
const MAX_PAIR = 2_000
const NO_LINES = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'].map(
    (name) => [name, '']
  )
)

/**
 * Rows for people: columns that line up, without those that say nothing. Whatever the values are, nothing of them steers the
 * terminal; long ones are cut. Says so, where there are no rows.
 */
export async function tableText<T>(items: readonly T[], columns: readonly Column<T>[], paint: Paint, none: string, maxCell = MAX_CELL): Promise<string> {
  if (items.length === 0) return `${paint('faint', plainText(none))}\n`
  const { default: Table } = await import('cli-table3')
  const filled = columns
    .map((column) => ({ column, cells: items.map((item) => linesOf(column.value(item), maxCell)) }))
    .filter(({ cells }) => cells.some((lines) => lines.some((line) => line !== '')))
  const table = new Table({
    chars: { ...NO_LINES, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    head: filled.map(({ column }) => paint('strong', plainText(column.title))),
    colAligns: filled.map(({ column }) => column.align ?? 'left')
  })
  items.forEach((_item, row) => {
    table.push(filled.map(({ column: { style }, cells }) => (cells[row] ?? []).map((line) => (style && line !== '' ? paint(style, line) : line)).join('\n')))
  })
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`
}

/** Pairs of a name and a value, below each other. */
export async function pairsText(pairs: readonly (readonly [string, string | readonly string[] | undefined])[], paint: Paint): Promise<string> {
  const given = pairs.filter(([, value]) => linesOf(value, MAX_PAIR).some((line) => line !== ''))
  const text = await tableText(given, [{ title: '', value: ([name]) => name, style: 'faint' }, { title: '', value: ([, value]) => value }], paint, 'nothing', MAX_PAIR)
  return text.replace(/^[^\n]*\n/, '')
}

function linesOf(value: string | readonly string[] | undefined, maxCell: number): string[] {
  const lines = value === undefined ? [] : typeof value === 'string' ? [value] : value
  return lines.map((line) => cut(plainText(line), maxCell))
}

function cut(line: string, maxCell: number): string {
  if (line.length <= maxCell) return line
  const characters = Array.from(line)
  return characters.length <= maxCell ? line : `${characters.slice(0, maxCell - 1).join('')}…`
}
