import { describe, expect, it } from 'vitest'
import { isStemmaError } from '../../src/errors/stemma-error.js'
import { checkAlias } from '../../src/record/alias.js'
import { parseReference } from '../../src/record/parse-reference.js'
import { BUILT_IN_STAGES } from '../../src/schemas/policy.js'

const STAGES = [...BUILT_IN_STAGES, 'shadow']

describe('checkAlias', () => {
  it.each(['champion', 'best_auc', 'eu-west.1', 'release-1', 'vnext', 'A', '2026-03-winner', 'f'.repeat(63), 'a'.repeat(128)])(
    'accepts %j, and a reference by it means a label',
    (alias) => {
      expect(checkAlias(alias, STAGES)).toBe(alias)
      expect(parseReference(`m@${alias}`).selector).toEqual({ kind: 'label', label: alias })
    }
  )

  it.each([
    '',
    'a b',
    'a@b',
    'a/b',
    'größe',
    '-a',
    '.a',
    'a\n',
    'a'.repeat(129),
    'latest',
    'Latest',
    'production',
    'PRODUCTION',
    'shadow',
    'none',
    '1',
    '1.0',
    '1.0.2',
    'v1',
    'v1.0.2',
    '1.0.0-rc.1',
    'x',
    '1.x',
    '^1',
    '*',
    '>=1',
    'f'.repeat(64),
    `sha256:${'f'.repeat(64)}`
  ])('refuses %j', (alias) => {
    expect(() => checkAlias(alias, STAGES)).toThrow(expect.objectContaining({ code: 'INVALID_ALIAS' }))
  })

  it('says what to do about a number', () => {
    try {
      checkAlias('v2', STAGES)
    } catch (error) {
      expect(isStemmaError(error, 'INVALID_ALIAS') && error.hint).toContain('release-2')
      return
    }
    expect.unreachable()
  })
})
