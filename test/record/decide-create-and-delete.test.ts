import { describe, expect, it } from 'vitest'
import { digestOf, journalOf, newJournal } from './journal-fixture.js'

describe('decideCreate', () => {
  it('gives number and sequence, and sums up the manifest', () => {
    const journal = newJournal()
    journal.create({ tags: { site: 'berlin' }, description: 'first', aliases: ['b', 'a', 'b'] })
    expect(journal.state.versions[0]).toMatchObject({
      ...{ name: 'credit-score', version: '1.0.0', sequence: 1, digest: digestOf('manifest-0'), sizeBytes: 42, artifactCount: 2 },
      ...{ createdAt: '2026-03-01T00:00:00.000Z', stage: 'none', audiences: [], aliases: ['a', 'b'], tags: { site: 'berlin' } },
      ...{ description: 'first', approvals: [], metrics: { auc: 0.9 } }
    })
  })

  it('never gives a number or a sequence out again', () => {
    const journal = journalOf(2)
    journal.remove('1.0.1')
    journal.create()
    expect(journal.state.versions.map(({ version, sequence }) => [version, sequence])).toEqual([['1.0.0', 1], ['1.0.1', 2], ['1.0.2', 3]])
    expect(() => journal.create({ version: { exact: '1.0.1' } })).toThrow(expect.objectContaining({ code: 'ALREADY_EXISTS' }))
  })

  it('takes aliases from the versions that had them', () => {
    const journal = newJournal()
    journal.create({ aliases: ['champion', 'old'] })
    journal.create({ aliases: ['champion'] })
    expect(journal.state.versions.map(({ aliases }) => aliases)).toEqual([['old'], ['champion']])
  })

  it('refuses an alias that is a stage', () => {
    expect(() => newJournal().create({ aliases: ['staging'] })).toThrow(expect.objectContaining({ code: 'INVALID_ALIAS' }))
  })
})

describe('decideDelete', () => {
  it('puts a tombstone, archives, and frees the aliases', () => {
    const journal = journalOf(1)
    journal.update('1.0.0', { aliases: ['champion'] })
    journal.remove('champion', 'trained on leaked data')
    expect(journal.state.versions[0]).toMatchObject({
      ...{ stage: 'archived', aliases: [], deleted: { at: '2026-03-01T00:00:02.000Z', reason: 'trained on leaked data' } }
    })
    expect(journal.state.aliases.size).toBe(0)
  })

  it.each(['1.0.0', 1, { kind: 'digest' as const, digest: digestOf('manifest-0') }])('again by %j changes nothing', (selector) => {
    const journal = journalOf(1)
    journal.remove('1.0.0')
    expect(journal.remove(selector)).toMatchObject({ kind: 'unchanged', version: { version: '1.0.0' } })
  })

  it('refuses a version in production, saying for whom', () => {
    const journal = journalOf(1)
    journal.move('1.0.0', 'production', { audience: 'berlin' })
    expect(() => journal.remove('1.0.0')).toThrow(
      expect.objectContaining({ code: 'CONFLICT', message: expect.stringContaining("'berlin'") as unknown })
    )
  })
})
