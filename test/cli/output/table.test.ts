import { expect, it } from 'vitest'
import { paintFor } from '../../../src/cli/output/paint.js'
import { pairsText, tableText, type Column } from '../../../src/cli/output/table.js'
import { fakeTerminal } from '../../support/fake-terminal.js'

const plain = paintFor(fakeTerminal().out, {})
const COLUMNS: readonly Column<{ a: string; b?: string; n: number; more?: string[] }>[] = [
  { title: 'A', value: ({ a }) => a, style: 'strong' },
  { title: 'B', value: ({ b }) => b },
  { title: 'N', value: ({ n }) => String(n), align: 'right' },
  { title: 'MORE', value: ({ more }) => more }
]

it('lines up columns, of any script and of several lines, and leaves out those that say nothing', async () => {
  const text = await tableText([{ a: '模型', n: 1, more: ['x', 'y'] }, { a: 'spam', n: 100 }], COLUMNS, plain, 'none')
  expect(text).toBe('A       N  MORE\n模型    1  x\n           y\nspam  100\n')
})

it('says when there is nothing', async () => {
  expect(await tableText([], COLUMNS, plain, 'no models')).toBe('no models\n')
  // It may name the folder of a registry.
  expect(await tableText([], COLUMNS, plain, 'no models in ./\u001b[2J')).toBe('no models in ./\\u{1b}[2J\n')
})

it('lets no value steer the terminal, and cuts long ones', async () => {
  const text = await tableText([{ a: '\u001b[2J\nx', n: 1, b: 'é'.repeat(100) }], COLUMNS, plain, 'none')
  expect(text).toContain('\\u{1b}[2J\\nx')
  expect(text).toContain(`${'é'.repeat(71)}…`)
  expect(text.split('\n')).toHaveLength(3)
})

it('colours cells and not their borders', async () => {
  const painted = paintFor(fakeTerminal().out, { FORCE_COLOR: '1' })
  expect(await tableText([{ a: 'spam', n: 1 }], COLUMNS, painted, 'none')).toContain('\u001b[1mspam\u001b[22m  1\n')
})

it('shows pairs, without those of no value', async () => {
  expect(await pairsText([['name', 'spam'], ['none', undefined], ['empty', ''], ['tags', ['a: 1', 'b: 2']]], plain)).toBe('name  spam\ntags  a: 1\n      b: 2\n')
})
