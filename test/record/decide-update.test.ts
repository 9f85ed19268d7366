import { describe, expect, it } from 'vitest'
import { journalOf, type Journal } from './journal-fixture.js'

function version(journal: Journal, sequence = 1): Journal['state']['versions'][number] | undefined {
  return journal.state.versions[sequence - 1]
}

describe('what an update changes', () => {
  it('tags are set and taken away', () => {
    const journal = journalOf(1)
    journal.update('1.0.0', { tags: { site: 'berlin', owner: 'risk' } })
    journal.update('1.0.0', { tags: { site: null, owner: 'credit' } })
    expect(version(journal)?.tags).toEqual({ owner: 'credit' })
  })

  it('metrics are added and replaced', () => {
    const journal = journalOf(1)
    journal.update('1.0.0', { metrics: { auc: 0.8, latencyMs: 12 } })
    expect(version(journal)?.metrics).toEqual({ auc: 0.8, latencyMs: 12 })
  })

  it('the description is set and taken away', () => {
    const journal = journalOf(1)
    journal.update('1.0.0', { description: 'first' })
    expect(version(journal)?.description).toBe('first')
    journal.update('1.0.0', { description: null })
    expect(version(journal)).not.toHaveProperty('description')
  })

  it('an alias moves from the version that had it', () => {
    const journal = journalOf(2)
    journal.update('1.0.0', { aliases: ['champion', 'base'] })
    journal.update('1.0.1', { aliases: ['champion'] })
    expect(journal.state.versions.map(({ aliases }) => aliases)).toEqual([['base'], ['champion']])
    expect(journal.state.aliases).toEqual(new Map([['base', 1], ['champion', 2]]))
  })

  it('an alias is removed', () => {
    const journal = journalOf(1)
    journal.update('1.0.0', { aliases: ['champion'] })
    journal.update('1.0.0', { removeAliases: ['champion', 'other'] })
    expect(version(journal)?.aliases).toEqual([])
    expect(journal.state.aliases.size).toBe(0)
  })

  it('approvals add up, with their time', () => {
    const journal = journalOf(1)
    journal.update('1.0.0', { approval: { by: 'auditor', decision: 'rejected' } })
    journal.update('1.0.0', { approval: { by: 'auditor', decision: 'approved', comment: 'fixed' } })
    expect(version(journal)?.approvals).toEqual([
      { by: 'auditor', decision: 'rejected', at: '2026-03-01T00:00:01.000Z' },
      { by: 'auditor', decision: 'approved', comment: 'fixed', at: '2026-03-01T00:00:02.000Z' }
    ])
  })

  it('versions that were handed out stay as they were', () => {
    const journal = journalOf(1)
    const before = version(journal)
    const copy = structuredClone(before)
    journal.update('1.0.0', { tags: { a: 'b' }, metrics: { auc: 1 }, aliases: ['ax'], approval: { by: 'me', decision: 'approved' } })
    journal.move('1.0.0', 'production')
    expect(before).toEqual(copy)
  })

  it('puts only what differs into the event', () => {
    const journal = journalOf(1)
    journal.update('1.0.0', { tags: { a: '1' }, aliases: ['ax'] })
    const changes = { tags: { a: '1', b: '2', c: null }, metrics: { auc: 0.9 }, aliases: ['ax', 'ay'], removeAliases: ['z'] }
    expect(journal.update('1.0.0', changes)).toEqual({
      kind: 'event',
      body: { type: 'metadata.updated', data: { version: '1.0.0', tags: { b: '2' }, aliases: ['ay'] } }
    })
  })
})

describe('an update that changes nothing', () => {
  it.each([
    ['nothing', {}],
    ['only a reason', { reason: 'why not' }],
    ['a tag that is there', { tags: { site: 'berlin' } }],
    ['a tag that is not there, taken away', { tags: { other: null } }],
    ['inherited names are not tags', { tags: { constructor: null, toString: null } }],
    ['a metric that is there', { metrics: { auc: 0.9 } }],
    ['no description, taken away', { description: null }],
    ['an alias that is there', { aliases: ['champion'] }],
    ['an alias of another version, removed', { removeAliases: ['base'] }]
  ])('%s', (_, changes) => {
    const journal = journalOf(2)
    journal.update('1.0.0', { tags: { site: 'berlin' }, aliases: ['champion'] })
    journal.update('1.0.1', { aliases: ['base'] })
    expect(journal.update('1.0.0', changes).kind).toBe('unchanged')
  })
})

it('keys that every object inherits are keys like others', () => {
  const journal = journalOf(1)
  const changes = { tags: { constructor: 'b' }, metrics: { toString: 1 } }
  expect(journal.update('1.0.0', changes).kind).toBe('event')
  expect(version(journal)?.tags).toEqual({ constructor: 'b' })
  expect(journal.update('1.0.0', changes).kind).toBe('unchanged')
})

describe('refusals', () => {
  it.each([
    ['a stage as alias', { aliases: ['production'] }, 'INVALID_ALIAS'],
    ['latest as alias', { aliases: ['latest'] }, 'INVALID_ALIAS'],
    ['an alias both set and removed', { aliases: ['ax'], removeAliases: ['ax'] }, 'INVALID_INPUT']
  ])('%s', (_, changes, code) => {
    expect(() => journalOf(1).update('1.0.0', changes)).toThrow(expect.objectContaining({ code }))
  })

  it('a deleted version', () => {
    const journal = journalOf(1)
    journal.remove('1.0.0')
    expect(() => journal.update('1.0.0', { tags: { a: 'b' } })).toThrow(expect.objectContaining({ code: 'VERSION_DELETED' }))
  })
})
