import { describe, expect, it } from 'vitest'
import { rollbackTarget } from '../../src/record/decide-rollback.js'
import { liveVersion } from '../../src/record/live-version.js'
import { DEFAULT_POLICY } from '../../src/schemas/policy.js'
import { journalOf, NAME, overview, reference, type Journal } from './journal-fixture.js'

/** A journal of `count` versions that were live one after the other. */
function promoted(count: number): Journal {
  const journal = journalOf(count)
  for (let sequence = 1; sequence <= count; sequence += 1) journal.move(sequence, 'production')
  return journal
}

function live(journal: Journal, audience = 'default'): string | undefined {
  return liveVersion(journal.state, audience)?.version
}

describe('where a rollback goes', () => {
  it('to the version before, and what it leaves is archived, in one event', () => {
    const journal = promoted(3)
    expect(journal.rollback({ reason: 'wrong scores' })).toEqual({
      kind: 'event',
      body: {
        type: 'stage.changed',
        data: {
          ...{ action: 'rollback', version: '1.0.1', from: 'archived', to: 'production', audience: 'default' },
          ...{ replaced: '1.0.2', archived: ['1.0.2'], reason: 'wrong scores' }
        }
      }
    })
    expect(overview(journal.state)).toEqual(['1.0.0 archived', '1.0.1 production default', '1.0.2 archived'])
  })

  it('further back the second time, and nowhere from the first', () => {
    const journal = promoted(3)
    journal.rollback()
    journal.rollback()
    expect(live(journal)).toBe('1.0.0')
    expect(() => journal.rollback()).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
  })

  it('past deleted versions', () => {
    const journal = promoted(3)
    journal.remove('1.0.1')
    journal.rollback()
    expect(live(journal)).toBe('1.0.0')
  })

  it('never to the version that is live already, when all between were deleted', () => {
    const journal = promoted(2)
    journal.move('1.0.0', 'production')
    journal.remove('1.0.1')
    expect(() => journal.rollback()).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
  })

  it('to the one before, after the current one was taken out of production', () => {
    const journal = promoted(2)
    journal.move('1.0.1', 'archived')
    expect(live(journal)).toBeUndefined()
    journal.rollback()
    expect(live(journal)).toBe('1.0.0')
  })

  it('a promotion after a rollback is what the next rollback undoes', () => {
    const journal = promoted(3)
    journal.rollback()
    journal.move('1.0.2', 'production')
    journal.rollback()
    expect(live(journal)).toBe('1.0.1')
  })

  it('a version promoted again with nothing between is there once', () => {
    const journal = promoted(2)
    journal.move('1.0.1', 'archived')
    journal.move('1.0.0', 'production')
    expect(() => journal.rollback()).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
  })

  it('each audience has its own past', () => {
    const journal = journalOf(2)
    journal.move('1.0.0', 'production', { audience: 'berlin' })
    journal.move('1.0.0', 'production')
    journal.move('1.0.1', 'production')
    journal.rollback()
    expect(overview(journal.state)).toEqual(['1.0.0 production berlin,default', '1.0.1 archived'])
    expect(() => journal.rollback({ audience: 'berlin' })).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
  })

  it('what is left stays in production for its other audiences', () => {
    const journal = promoted(2)
    journal.move('1.0.1', 'production', { audience: 'berlin' })
    journal.rollback()
    expect(overview(journal.state)).toEqual(['1.0.0 production default', '1.0.1 production berlin'])
  })
})

describe('to', () => {
  it('a version further back, from where it goes on', () => {
    const journal = promoted(4)
    journal.rollback({ to: reference('1.0.1') })
    expect(live(journal)).toBe('1.0.1')
    journal.rollback()
    expect(live(journal)).toBe('1.0.0')
  })

  it('a version that was live for another audience only', () => {
    const journal = promoted(2)
    journal.create()
    journal.move('1.0.2', 'production', { audience: 'berlin' })
    journal.rollback({ to: reference('1.0.2') })
    expect(overview(journal.state)).toEqual(['1.0.0 archived', '1.0.1 archived', '1.0.2 production berlin,default'])
    // What was rolled away from is not come back to.
    journal.rollback()
    expect(overview(journal.state)).toEqual(['1.0.0 production default', '1.0.1 archived', '1.0.2 production berlin'])
  })

  it('a version that was rolled away from', () => {
    const journal = promoted(2)
    journal.rollback()
    journal.rollback({ to: reference('1.0.1') })
    expect(live(journal)).toBe('1.0.1')
  })

  it('the live version changes nothing', () => {
    expect(promoted(2).rollback({ to: reference('1.0.1') }).kind).toBe('unchanged')
  })

  it('a version that never was in production is refused', () => {
    const journal = promoted(1)
    journal.create()
    expect(() => journal.rollback({ to: reference('1.0.1') })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', hint: expect.stringContaining('transitionStage') as unknown })
    )
  })

  it('a deleted version is refused', () => {
    const journal = promoted(2)
    journal.remove('1.0.0')
    expect(() => journal.rollback({ to: reference('1.0.0') })).toThrow(expect.objectContaining({ code: 'VERSION_DELETED' }))
  })
})

it('compares expectedCurrent', () => {
  expect(() => promoted(2).rollback({ expectedCurrent: '1.0.0' })).toThrow(
    expect.objectContaining({ code: 'CONFLICT', details: { model: NAME, audience: 'default', expected: '1.0.0', current: '1.0.1' } })
  )
})

it('holds to the rules of the registry', () => {
  const journal = journalOf(2, { ...DEFAULT_POLICY, reasonRequiredFor: ['production'] })
  journal.move('1.0.0', 'production', { reason: 'first' })
  journal.move('1.0.1', 'production', { reason: 'second' })
  expect(() => journal.rollback()).toThrow(expect.objectContaining({ code: 'FORBIDDEN_BY_RULE' }))
  journal.rollback({ reason: 'wrong scores' })
  expect(live(journal)).toBe('1.0.0')
})

it('rollbackTarget names what decideRollback makes live', () => {
  const journal = promoted(3)
  expect(rollbackTarget(journal.state, { name: NAME, audience: 'default' }, DEFAULT_POLICY).version).toBe('1.0.1')
})
