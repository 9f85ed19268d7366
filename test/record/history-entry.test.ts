import { describe, expect, it } from 'vitest'
import { historyEntrySchema } from '../../src/schemas/history.js'
import { birth, journalOf, newJournal, reference } from './journal-fixture.js'

it('a birth lists all that can change later', () => {
  const journal = newJournal()
  const measured = birth({ metrics: { auc: 0.9, f1: 0.8 } })
  journal.create({ tags: { site: 'berlin' }, description: 'first', aliases: ['champion'], birth: measured })
  expect(journal.history).toEqual([
    {
      ...{ name: 'credit-score', n: 0, at: '2026-03-01T00:00:00.000Z', type: 'created', version: '1.0.0', commitId: 'commit-0' },
      eventDigest: `sha256:${journal.events[0]?.hash ?? ''}`,
      changes: [
        { version: '1.0.0', field: 'created', to: '2026-03-01T00:00:00.000Z' },
        { version: '1.0.0', field: 'stage', to: 'none' },
        { version: '1.0.0', field: 'audiences', to: [] },
        { version: '1.0.0', field: 'aliases', to: ['champion'] },
        { version: '1.0.0', field: 'approvals', to: [] },
        { version: '1.0.0', field: 'description', to: 'first' },
        { version: '1.0.0', field: 'tags.site', to: 'berlin' },
        { version: '1.0.0', field: 'metrics.auc', to: 0.9 },
        { version: '1.0.0', field: 'metrics.f1', to: 0.8 }
      ]
    }
  ])
})

describe('old and new values', () => {
  it('of a promotion, also of the version that it displaces', () => {
    const journal = journalOf(2)
    journal.move('1.0.0', 'production')
    journal.move('1.0.1', 'production', { reason: 'better auc' })
    const what = { type: 'transition', version: '1.0.1', audience: 'default', replaced: '1.0.0', reason: 'better auc' }
    expect(journal.history.at(-1)).toMatchObject(what)
    expect(journal.history.at(-1)?.changes).toEqual([
      { version: '1.0.1', field: 'stage', from: 'none', to: 'production' },
      { version: '1.0.1', field: 'audiences', from: [], to: ['default'] },
      { version: '1.0.0', field: 'stage', from: 'production', to: 'archived' },
      { version: '1.0.0', field: 'audiences', from: ['default'], to: [] }
    ])
  })

  it('of a rollback', () => {
    const journal = journalOf(2)
    journal.move('1.0.0', 'production')
    journal.move('1.0.1', 'production')
    journal.rollback({ reason: 'wrong scores', to: reference('1.0.0') })
    expect(journal.history.at(-1)).toMatchObject({ type: 'rollback', version: '1.0.0', replaced: '1.0.1', reason: 'wrong scores' })
    expect(journal.history.at(-1)?.changes).toContainEqual({ version: '1.0.1', field: 'stage', from: 'production', to: 'archived' })
  })

  it('of an alias that moves', () => {
    const journal = journalOf(2)
    journal.update('1.0.0', { aliases: ['champion'] })
    journal.update('1.0.1', { aliases: ['champion'], reason: 'won' })
    expect(journal.history.at(-1)).toMatchObject({ type: 'metadata', reason: 'won' })
    expect(journal.history.at(-1)?.changes).toEqual([
      { version: '1.0.1', field: 'aliases', from: [], to: ['champion'] },
      { version: '1.0.0', field: 'aliases', from: ['champion'], to: [] }
    ])
  })

  it('of tags, metrics and the description', () => {
    const journal = journalOf(1)
    journal.update('1.0.0', { tags: { site: 'berlin' }, description: 'first' })
    journal.update('1.0.0', { tags: { site: null }, description: null, metrics: { auc: 0.8, f1: 0.7 } })
    expect(journal.history.at(-1)?.changes).toEqual([
      { version: '1.0.0', field: 'metrics.auc', from: 0.9, to: 0.8 },
      { version: '1.0.0', field: 'metrics.f1', to: 0.7 },
      { version: '1.0.0', field: 'description', from: 'first' },
      { version: '1.0.0', field: 'tags.site', from: 'berlin' }
    ])
  })

  it('of a deletion, with who did it', () => {
    const journal = journalOf(1)
    journal.update('1.0.0', { aliases: ['champion'] })
    journal.append({ type: 'version.deleted', data: { version: '1.0.0', reason: 'leak' } }, { actor: 'auditor' })
    expect(journal.history.at(-1)).toMatchObject({ type: 'deleted', actor: 'auditor', reason: 'leak' })
    expect(journal.history.at(-1)?.changes).toEqual([
      { version: '1.0.0', field: 'stage', from: 'none', to: 'archived' },
      { version: '1.0.0', field: 'aliases', from: ['champion'], to: [] },
      { version: '1.0.0', field: 'deleted', to: { at: '2026-03-01T00:00:02.000Z', reason: 'leak', by: 'auditor' } }
    ])
  })
})

it('entries are valid, and have no fields without a value', () => {
  const journal = journalOf(2)
  journal.move('1.0.0', 'production')
  journal.update('1.0.0', { approval: { by: 'auditor', decision: 'approved' } })
  for (const entry of journal.history) {
    expect(historyEntrySchema.parse(entry)).toEqual(entry)
    expect(Object.values(entry)).not.toContain(undefined)
  }
})
