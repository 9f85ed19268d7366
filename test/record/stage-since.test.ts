import { describe, expect, it } from 'vitest'
import type { EventBody } from '../../src/schemas/event.js'
import { journalOf, newJournal, reference, type Journal } from './journal-fixture.js'

/** Time of event `n` of a journal of the fixture. */
function at(n: number): string {
  return `2026-03-01T00:00:${String(n).padStart(2, '0')}.000Z`
}

function versionOf({ state }: Journal, sequence: number): Pick<Journal['state']['versions'][number], 'stageSince' | 'live'> {
  const version = state.versions[sequence - 1]
  if (version === undefined) throw new Error(`no version ${sequence}`)
  return { stageSince: version.stageSince, live: version.live }
}

describe('since when a version is in its stage', () => {
  it('is its birth at first', () => {
    const journal = newJournal()
    journal.create()
    const [first] = journal.events
    const again = newJournal()
    again.append(first?.event as EventBody, { actor: 'trainer' })
    expect(versionOf(again, 1)).toStrictEqual({ stageSince: { at: at(0), by: 'trainer', action: 'created' }, live: [] })
  })

  it('is its last move to another stage, and stays through everything else', () => {
    const journal = journalOf(1)
    journal.move('1.0.0', 'staging', { reason: 'try it' })
    const expected = { at: at(1), reason: 'try it', action: 'transition' }
    expect(versionOf(journal, 1).stageSince).toStrictEqual(expected)
    journal.update('1.0.0', { tags: { a: 'b' } })
    expect(versionOf(journal, 1).stageSince).toStrictEqual(expected)
    journal.move('1.0.0', 'archived')
    journal.remove('1.0.0')
    expect(versionOf(journal, 1).stageSince).toStrictEqual({ at: at(3), action: 'transition' })
  })

  it('names the version that displaced it', () => {
    const journal = journalOf(2)
    journal.move('1.0.0', 'production')
    journal.move('1.0.1', 'production', { reason: 'better' })
    expect(versionOf(journal, 1)).toStrictEqual({
      stageSince: { at: at(3), reason: 'better', action: 'transition', replacedBy: '1.0.1' },
      live: []
    })
    journal.rollback({ reason: 'worse after all' })
    expect(versionOf(journal, 2).stageSince).toStrictEqual({ at: at(4), reason: 'worse after all', action: 'rollback', replacedBy: '1.0.0' })
  })

  it('is the deletion, with its reason, of a version that was not archived before', () => {
    const journal = journalOf(1)
    journal.remove('1.0.0', 'leak')
    expect(versionOf(journal, 1).stageSince).toStrictEqual({ at: at(1), reason: 'leak', action: 'deleted' })
  })
})

describe('since when a version is live for an audience', () => {
  it('is said for each audience, sorted, while the stage is that of the first', () => {
    const journal = journalOf(1)
    journal.move('1.0.0', 'production', { audience: 'paris', reason: 'pilot' })
    journal.move('1.0.0', 'production', { audience: 'berlin', reason: 'roll-out' })
    expect(versionOf(journal, 1)).toStrictEqual({
      stageSince: { at: at(1), reason: 'pilot', action: 'transition' },
      live: [
        { audience: 'berlin', at: at(2), reason: 'roll-out', action: 'transition' },
        { audience: 'paris', at: at(1), reason: 'pilot', action: 'transition' }
      ]
    })
    expect(journal.state.versions[0]?.audiences).toEqual(['berlin', 'paris'])
  })

  it('ends with the audience, whoever takes it', () => {
    const journal = journalOf(2)
    for (const audience of ['a', 'b', 'c']) journal.move('1.0.0', 'production', { audience })
    journal.move('1.0.1', 'production', { audience: 'b' })
    journal.move('1.0.0', 'archived', { audience: 'c' })
    expect(versionOf(journal, 1).live).toStrictEqual([{ audience: 'a', at: at(2), action: 'transition' }])
    expect(versionOf(journal, 2).live).toStrictEqual([{ audience: 'b', at: at(5), action: 'transition', replaced: '1.0.0' }])
  })

  it('is the rollback after one', () => {
    const journal = journalOf(2)
    journal.move('1.0.0', 'production')
    journal.move('1.0.1', 'production')
    journal.rollback({ reason: 'wrong scores', to: reference('1.0.0') })
    expect(versionOf(journal, 1)).toStrictEqual({
      stageSince: { at: at(4), reason: 'wrong scores', action: 'rollback' },
      live: [{ audience: 'default', at: at(4), reason: 'wrong scores', action: 'rollback', replaced: '1.0.1' }]
    })
  })
})
