import { describe, expect, it } from 'vitest'
import { checkPolicy } from '../../src/record/check-policy.js'

describe('checkPolicy', () => {
  it('adds own stages to the built-in ones', () => {
    expect(checkPolicy({ stages: ['canary', 'shadow-1', 'v1-beta'] }).stages).toEqual(['none', 'staging', 'production', 'archived', 'canary', 'shadow-1', 'v1-beta'])
  })

  it.each(['latest', 'x', 'v1', 'a'.repeat(64)])('refuses the stage %s, which no reference could reach', (stage) => {
    expect(() => checkPolicy({ stages: ['canary', stage] })).toThrow(expect.objectContaining({ code: 'INVALID_STAGE', message: expect.stringContaining(stage) as unknown }))
  })

  it('refuses rules about stages that there are not', () => {
    expect(() => checkPolicy({ reasonRequiredFor: ['canary'] })).toThrow(expect.objectContaining({ code: 'INVALID_STAGE' }))
    expect(checkPolicy({ stages: ['canary'], forbiddenMoves: [{ from: '*', to: 'canary' }] }).forbiddenMoves).toHaveLength(1)
  })
})
