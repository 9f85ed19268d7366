import { describe, expect, it } from 'vitest'
import { checkAudience, DEFAULT_AUDIENCE } from '../../src/record/audience.js'

describe('checkAudience', () => {
  it.each([DEFAULT_AUDIENCE, 'site=berlin', 'bucket-b', 'eu/west:1', 'a@b.example', 'x+y,z~1', 'A', 'a'.repeat(128)])(
    'accepts %j',
    (text) => {
      expect(checkAudience(text)).toBe(text)
    }
  )

  it.each(['', ' ', 'a b', '-a', 'a&b', 'a?b', 'a#b', 'a%20', 'köln', 'a\n', 'a'.repeat(129), '__proto__', '"x"'])('refuses %j', (text) => {
    expect(() => checkAudience(text)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  })
})
