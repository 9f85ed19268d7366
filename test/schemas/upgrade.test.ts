import { describe, expect, it } from 'vitest'
import { upgrade, type UpgradeStep } from '../../src/schemas/upgrade.js'

const STEPS: UpgradeStep[] = [
  { from: 2, apply: ({ rate, ...rest }) => ({ ...rest, learningRate: rate }) },
  { from: 1, apply: ({ lr, ...rest }) => ({ ...rest, rate: lr }) }
]

describe('upgrade', () => {
  it('goes step by step from the version that is stored', () => {
    expect(upgrade({ schemaVersion: 1, lr: 0.1, other: 'kept' }, STEPS, 3, 'record')).toEqual({
      schemaVersion: 3,
      learningRate: 0.1,
      other: 'kept'
    })
    expect(upgrade({ schemaVersion: 2, rate: 0.1 }, STEPS, 3, 'record')).toEqual({ schemaVersion: 3, learningRate: 0.1 })
  })

  it('gives a current record back, and changes none', () => {
    const current = Object.freeze({ schemaVersion: 3 })
    expect(upgrade(current, STEPS, 3, 'record')).toBe(current)
    const old = Object.freeze({ schemaVersion: 1, lr: 1 })
    upgrade(old, STEPS, 3, 'record')
    expect(old).toEqual({ schemaVersion: 1, lr: 1 })
  })

  it('refuses a record of a later stemma', () => {
    expect(() => upgrade({ schemaVersion: 4 }, STEPS, 3, 'record')).toThrow(
      expect.objectContaining({ code: 'FORMAT_TOO_NEW', details: { found: 4, supported: 3 } })
    )
  })

  it.each([
    [null],
    [[]],
    ['text'],
    [{}],
    [{ schemaVersion: '1' }],
    [{ schemaVersion: 0 }],
    [{ schemaVersion: 1.5 }],
    [{ schemaVersion: -1 }]
  ])('refuses %j', (value) => {
    expect(() => upgrade(value, STEPS, 3, 'record')).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  })

  it('refuses a version that no step reads', () => {
    expect(() => upgrade({ schemaVersion: 1 }, [], 2, 'record')).toThrow('cannot upgrade to 2')
  })
})
