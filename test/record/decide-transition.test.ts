import { describe, expect, it } from 'vitest'
import { decideTransition } from '../../src/record/decide-transition.js'
import { DEFAULT_POLICY, type Policy } from '../../src/schemas/policy.js'
import { journalOf, overview, reference } from './journal-fixture.js'

const RULES: Policy = {
  stages: [...DEFAULT_POLICY.stages, 'shadow'],
  forbiddenMoves: [
    { from: 'none', to: 'production', because: 'every version is tried in staging first' },
    { from: 'production', to: 'archived' },
    { from: '*', to: 'shadow', because: 'the shadow cluster is gone' }
  ],
  reasonRequiredFor: ['production']
}

describe('moves and what they displace', () => {
  it.each([
    { id: 'a plain move', moves: [['1.0.0', 'staging']], after: ['1.0.0 staging', '1.0.1 none'] },
    {
      id: 'staging holds several',
      moves: [['1.0.0', 'staging'], ['1.0.1', 'staging']],
      after: ['1.0.0 staging', '1.0.1 staging']
    },
    {
      id: 'a promotion archives the version that was live',
      moves: [['1.0.0', 'production'], ['1.0.1', 'production']],
      after: ['1.0.0 archived', '1.0.1 production default']
    },
    {
      id: 'a promotion for another audience adds it',
      moves: [['1.0.0', 'production'], ['1.0.0', 'production', 'berlin']],
      after: ['1.0.0 production berlin,default', '1.0.1 none']
    },
    {
      id: 'a version that keeps an audience stays in production',
      moves: [['1.0.0', 'production'], ['1.0.0', 'production', 'berlin'], ['1.0.1', 'production', 'berlin']],
      after: ['1.0.0 production default', '1.0.1 production berlin']
    },
    {
      id: 'leaving production without an audience gives up all',
      moves: [['1.0.0', 'production'], ['1.0.0', 'production', 'berlin'], ['1.0.0', 'staging']],
      after: ['1.0.0 staging', '1.0.1 none']
    },
    {
      id: 'leaving with an audience gives up only that one',
      moves: [['1.0.0', 'production'], ['1.0.0', 'production', 'berlin'], ['1.0.0', 'archived', 'berlin']],
      after: ['1.0.0 production default', '1.0.1 none']
    },
    {
      id: 'giving up the last audience changes the stage',
      moves: [['1.0.0', 'production', 'berlin'], ['1.0.0', 'archived', 'berlin']],
      after: ['1.0.0 archived', '1.0.1 none']
    }
  ])('$id', ({ moves, after }) => {
    const journal = journalOf(2)
    for (const [version = '', stage = '', audience] of moves) journal.move(version, stage, { audience })
    expect(overview(journal.state)).toEqual(after)
    expect(journal.events).toHaveLength(2 + moves.length)
  })

  it('records all of it in one event', () => {
    const journal = journalOf(2)
    journal.move('1.0.0', 'production')
    expect(journal.move('1.0.1', 'production', { reason: 'better auc' })).toEqual({
      kind: 'event',
      body: {
        type: 'stage.changed',
        data: {
          ...{ action: 'transition', version: '1.0.1', from: 'none', to: 'production', audience: 'default' },
          ...{ replaced: '1.0.0', archived: ['1.0.0'], reason: 'better auc' }
        }
      }
    })
  })
})

describe('a move to where the version already is', () => {
  it.each([
    ['the same stage', 'staging', undefined],
    ['the same stage, with an audience', 'staging', 'berlin']
  ])('%s changes nothing', (_, stage, audience) => {
    const journal = journalOf(1)
    journal.move('1.0.0', 'staging')
    expect(journal.move('1.0.0', stage, { audience }).kind).toBe('unchanged')
  })

  it('production for the audience that it is live for changes nothing', () => {
    const journal = journalOf(1)
    journal.move('1.0.0', 'production')
    expect(journal.move('1.0.0', 'production', { audience: 'default' })).toMatchObject({ kind: 'unchanged', version: { version: '1.0.0' } })
  })

  it('does not ask the rules', () => {
    const journal = journalOf(1, { ...DEFAULT_POLICY, reasonRequiredFor: ['production'] })
    journal.move('1.0.0', 'production', { reason: 'first' })
    expect(journal.move('1.0.0', 'production').kind).toBe('unchanged')
  })
})

describe('expectedCurrent', () => {
  it.each([
    { expected: null, passes: false },
    { expected: '1.0.1', passes: false },
    { expected: '1.0.0', passes: true },
    { expected: undefined, passes: true }
  ])('$expected while 1.0.0 is live', ({ expected, passes }) => {
    const journal = journalOf(2)
    journal.move('1.0.0', 'production')
    const move = (): unknown => journal.move('1.0.1', 'production', { expectedCurrent: expected })
    if (passes) expect(move()).toMatchObject({ kind: 'event' })
    else {
      expect(move).toThrow(
        expect.objectContaining({ code: 'CONFLICT', details: { model: 'credit-score', audience: 'default', expected, current: '1.0.0' } })
      )
    }
  })

  it('null is met when nothing is live for the audience', () => {
    const journal = journalOf(2)
    journal.move('1.0.0', 'production')
    expect(journal.move('1.0.1', 'production', { audience: 'berlin', expectedCurrent: null }).kind).toBe('event')
  })

  it('holds for any target stage', () => {
    const journal = journalOf(2)
    journal.move('1.0.0', 'production')
    expect(() => journal.move('1.0.1', 'staging', { expectedCurrent: null })).toThrow(expect.objectContaining({ code: 'CONFLICT' }))
  })

  it('comes before unchanged: a repeated promotion learns that what it replaced is not live any more', () => {
    const journal = journalOf(2)
    journal.move('1.0.0', 'production')
    journal.move('1.0.1', 'production', { expectedCurrent: '1.0.0' })
    expect(() => journal.move('1.0.1', 'production', { expectedCurrent: '1.0.0' })).toThrow(
      expect.objectContaining({ code: 'CONFLICT', details: expect.objectContaining({ current: '1.0.1' }) as unknown })
    )
  })
})

describe('refusals', () => {
  it('an unknown stage, with those there are', () => {
    expect(() => journalOf(1).move('1.0.0', 'prod')).toThrow(
      expect.objectContaining({ code: 'INVALID_STAGE', message: expect.stringContaining('none, staging, production, archived') as unknown })
    )
  })

  it('an audience where it has no meaning', () => {
    expect(() => journalOf(1).move('1.0.0', 'staging', { audience: 'berlin' })).toThrow(
      expect.objectContaining({ code: 'INVALID_STAGE', hint: expect.stringContaining('production') as unknown })
    )
  })

  it('giving up an audience that the version is not live for', () => {
    const journal = journalOf(1)
    journal.move('1.0.0', 'production')
    expect(() => journal.move('1.0.0', 'archived', { audience: 'berln' })).toThrow(
      expect.objectContaining({ code: 'INVALID_STAGE', hint: expect.stringContaining("'default'") as unknown })
    )
  })

  it('a deleted version', () => {
    const journal = journalOf(1)
    journal.remove('1.0.0')
    expect(() => journal.move('1.0.0', 'staging')).toThrow(expect.objectContaining({ code: 'VERSION_DELETED' }))
  })
})

describe('rules of the registry', () => {
  const forbidden = (part: string): unknown =>
    expect.objectContaining({ code: 'FORBIDDEN_BY_RULE', message: expect.stringContaining(part) as unknown })

  it('a forbidden move, quoting why', () => {
    const journal = journalOf(1, RULES)
    expect(() => journal.move('1.0.0', 'production', { reason: 'now' })).toThrow(forbidden('every version is tried in staging first'))
  })

  it('a wildcard', () => {
    const journal = journalOf(1, RULES)
    journal.move('1.0.0', 'staging')
    expect(() => journal.move('1.0.0', 'shadow')).toThrow(forbidden('the shadow cluster is gone'))
  })

  it.each([undefined, '', '  '])('a required reason that is %j', (reason) => {
    const journal = journalOf(1, RULES)
    journal.move('1.0.0', 'staging')
    expect(() => journal.move('1.0.0', 'production', { reason })).toThrow(forbidden('requires one for production'))
  })

  it('do not keep a replaced version live', () => {
    const journal = journalOf(2, RULES)
    for (const version of ['1.0.0', '1.0.1']) {
      journal.move(version, 'staging')
      journal.move(version, 'production', { reason: 'good' })
    }
    expect(overview(journal.state)).toEqual(['1.0.0 archived', '1.0.1 production default'])
    expect(() => journal.move('1.0.1', 'archived')).toThrow(forbidden('a rule of this registry'))
  })
})

it('decides without changing anything', () => {
  const { state } = journalOf(1)
  decideTransition(state, { reference: reference('1.0.0'), stage: 'production' }, DEFAULT_POLICY)
  expect(overview(state)).toEqual(['1.0.0 none'])
})
