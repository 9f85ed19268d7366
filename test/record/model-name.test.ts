import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkModelName, decodeModelName, encodeModelName } from '../../src/record/model-name.js'
import { isStemmaError } from '../../src/errors/stemma-error.js'

const segment = fc
  .oneof(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/), fc.constantFrom('con', 'CON', 'nul.x', 'Aux', 'com1', 'LPT9.bin', 'a'))
  .filter((text) => !text.endsWith('.') && !text.includes('..'))
const name = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'))

function errorOf(run: () => unknown): { message: string; hint: string | undefined } {
  try {
    run()
  } catch (error) {
    if (isStemmaError(error, 'INVALID_NAME')) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('checkModelName', () => {
  it.each(['a', 'credit-score', 'risk/credit-score', 'A.b_c-1/2', 'x'.repeat(120), '0', 'con', 'sha256'])('accepts %j', (text) => {
    expect(checkModelName(text)).toBe(text)
  })

  it.each([
    ['', 'is empty'],
    ['x'.repeat(121), '121 characters'],
    ['a@1', '"@"'],
    ['a#1', '"#"'],
    ['a?b', '"?"'],
    ['/a', 'empty segment'],
    ['a/', 'empty segment'],
    ['a//b', 'empty segment'],
    ['..', 'does not start with'],
    ['a/../b', 'does not start with'],
    ['.hidden', 'does not start with'],
    ['-x', 'does not start with'],
    ['a..b', 'two dots'],
    ['a.', 'ends with a dot'],
    ['a b', '" "'],
    ['modèle', '"è"'],
    ['a\\b', '"\\\\"'],
    ['a\nb', '"\\u000a"'],
    ['a\u0000', '\\u0000'],
    ['a+b', '"+"'],
    ['a!b', '"!"'],
    ['a:1.0', '":"'],
    ['a%2fb', '"%"']
  ])('refuses %j, saying %s', (text, said) => {
    expect(errorOf(() => checkModelName(text)).message).toContain(said)
  })

  it.each([
    ['Modèle de crédit', 'Modele-de-credit'],
    ['risk\\score', 'risk/score'],
    ['/risk//score/', 'risk/score'],
    ['score@1.0', 'score'],
    ['_private.', 'private']
  ])('suggests for %j the name %j', (text, suggestion) => {
    expect(errorOf(() => checkModelName(text)).hint).toBe(`Use "${suggestion}".`)
  })

  it('only suggests names that are allowed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (text) => {
        try {
          checkModelName(text)
        } catch (error) {
          if (!isStemmaError(error, 'INVALID_NAME')) throw error
          const { suggestion } = error.details
          if (typeof suggestion === 'string') expect(checkModelName(suggestion)).toBe(suggestion)
        }
      })
    )
  })
})

describe('encodeModelName', () => {
  it.each([
    ['credit-score', 'credit-score'],
    ['risk/Credit', 'risk+!credit'],
    ['con', '!-con'],
    ['CON', '!c!o!n'],
    ['con.txt', '!-con.txt'],
    ['con.x/y', '!-con.x+y'],
    ['con/x', 'con+x'],
    ['com10', 'com10'],
    ['console', 'console']
  ])('%j becomes %j', (text, folder) => {
    expect(encodeModelName(text)).toBe(folder)
    expect(decodeModelName(folder)).toBe(text)
  })

  it('round-trips, stays short, and gives names that no file system changes', () => {
    fc.assert(
      fc.property(
        name.filter((text) => text.length <= 120),
        (text) => {
          const folder = encodeModelName(text)
          expect(decodeModelName(folder)).toBe(text)
          expect(folder.length).toBeLessThanOrEqual(255)
          expect(folder).toMatch(/^[a-z0-9._+!-]*[a-z0-9_+!-]$/)
          expect(folder).not.toMatch(/^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/)
        }
      )
    )
    expect(encodeModelName('A'.repeat(120)).length).toBe(240)
  })

  it('gives no two names the same folder where case does not count', () => {
    const cased = fc.tuple(name, fc.array(fc.boolean(), { minLength: 1 })).map(([text, flips]) => ({
      text,
      other: Array.from(text, (c, i) => (flips[i % flips.length] === true ? c.toUpperCase() : c.toLowerCase())).join('')
    }))
    fc.assert(
      fc.property(cased, ({ text, other }) => {
        fc.pre(text !== other)
        expect(encodeModelName(text).toLowerCase()).not.toBe(encodeModelName(other).toLowerCase())
      })
    )
  })
})

describe('decodeModelName', () => {
  it.each(['', '.', '..', 'A', 'con', '!-credit', '!', '!!a', 'a!', '!1', '+a', 'a+', 'a++b', '.DS_Store', 'tmp~', 'a b', '!-!-con'])(
    'does not know %j',
    (folder) => {
      expect(decodeModelName(folder)).toBeUndefined()
    }
  )

  it('knows only folders that encoding gives', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-cA-C0-1!+.-]{1,8}$/), (folder) => {
        const decoded = decodeModelName(folder)
        if (decoded !== undefined) expect(encodeModelName(decoded)).toBe(folder)
      }),
      { numRuns: 1_000 }
    )
  })
})
