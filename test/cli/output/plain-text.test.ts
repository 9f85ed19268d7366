import fc from 'fast-check'
import { expect, it } from 'vitest'
import { plainJson, plainText } from '../../../src/cli/output/plain-text.js'

/** What a terminal may act upon, or may not show. */
const STEERS = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\u200b\u{e0001}]/u
const hostile = fc.string({ unit: fc.constantFrom('a', ' ', '\u001b', '\u009b', '[', '2J', '\u202e', '\u2028', '\n', '\r', '\t', '\u007f', '\u{e0001}', 'é', '模', '\u200d') })

it('shows text as what it is', () => {
  expect(plainText('credit score – 模型 é')).toBe('credit score – 模型 é')
  expect(plainText('\u001b[31mred\u001b[0m\nnext\u202eend')).toBe('\\u{1b}[31mred\\u{1b}[0m\\nnext\\u{202e}end')
})

it('lets nothing through that steers a terminal', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      expect(plainText(text)).not.toMatch(STEERS)
      expect(plainJson({ [text]: text })).not.toMatch(STEERS)
    })
  )
})

it('keeps JSON what it is', () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), hostile), (value) => {
      expect(JSON.parse(plainJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
    })
  )
})
