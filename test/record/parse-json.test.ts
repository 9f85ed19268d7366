import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isStemmaError, type StemmaError } from '../../src/errors/stemma-error.js'
import { parseJsonStrictly } from '../../src/record/parse-json.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function refusal(document: string | Uint8Array): StemmaError {
  try {
    parseJsonStrictly(typeof document === 'string' ? bytes(document) : document, 'document')
  } catch (error) {
    if (isStemmaError(error, 'INVALID_INPUT')) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('parseJsonStrictly', () => {
  it('reads what JSON.stringify writes, however it is spaced', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), fc.constantFrom(undefined, 1, '\t', '\r\n'.slice(1)), (value, space) => {
        const text = JSON.stringify(value, undefined, space)
        fc.pre(!/\\ud[89a-f]|"__proto__"/.test(text) && !hasLargeInteger(value))
        expect(parseJsonStrictly(bytes(text), 'document')).toEqual(JSON.parse(text))
      })
    )
  })

  it.each([
    '{"a":{"b":1},"c":{"b":1}}',
    '[{"a":1},{"a":2}]',
    '{"a":"a","b":["b","a"]}',
    '{"a\\\\":1,"a":2}',
    '{"\\"":"\\\\","x":"\\\\\\""}',
    '"__proto__"',
    '9007199254740991',
    '1e300',
    '{"k":"9007199254740993"}',
    '\ufeff{}',
    ' { "a" : "b:c" } '
  ])('accepts %s', (text) => {
    expect(parseJsonStrictly(bytes(text), 'document')).toEqual(JSON.parse(text.replace('\ufeff', '')))
  })

  it.each([
    ['{"a":1,"a":2}', 'key "a" twice'],
    ['{"a":1,"\\u0061":2}', 'key "a" twice'],
    ['{"x":{"y":[{"a":1 , "a" :1}]}}', 'key "a" twice'],
    ['{"a":{"a":1},"a":2}', 'key "a" twice'],
    ['{"":1,"":2}', 'key "" twice'],
    ['{"__proto__":1}', '"__proto__"'],
    ['{"\\u005f_proto__":1}', '"__proto__"'],
    ['9007199254740992', 'cannot hold exactly'],
    ['{"n":9007199254740993}', 'cannot hold exactly'],
    ['[-9007199254740993]', 'cannot hold exactly'],
    ['[1e999]', 'too large'],
    ['{"a":1,}', 'not JSON'],
    ['', 'not JSON'],
    ['{', 'not JSON'],
    ['NaN', 'not JSON'],
    ['{"a":1} x', 'not JSON'],
    ['01', 'not JSON'],
    [`${'['.repeat(65)}${']'.repeat(65)}`, 'nested deeper'],
    [`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, 'nested deeper']
  ])('refuses %.60s, saying %s', (text, said) => {
    expect(refusal(text).message).toContain(said)
  })

  it.each([[[0xff]], [[0x22, 0xc0, 0xaf, 0x22]], [[0x22, 0xed, 0xa0, 0x80, 0x22]], [[0x22, 0xe2, 0x82, 0x22]]])(
    'refuses %j, which is not UTF-8',
    (document) => {
      expect(refusal(Uint8Array.from(document)).message).toBe('document is not UTF-8')
    }
  )

  it('counts the keys of an object and the values of an array, where it is told how many they may be', () => {
    const read = (text: string): unknown => parseJsonStrictly(bytes(text), 'document', { maxKeys: 2, maxItems: 3 })
    for (const text of ['{"a":1,"b":"{,,,,"}', '[[1,2,3],[{},[],[]],{"a":[1,2,3],"b":{"a":{},"b":0}}]', '[]']) expect(read(text)).toEqual(JSON.parse(text))
    expect(() => read('[{"a":{"a":1,"b":[1,2,3],"c":0}}]')).toThrow('document has more than 2 keys in one object')
    expect(() => read('{"a":[[1,2,3],2,3,4]}')).toThrow('document has more than 3 values in one array')
  })

  it('says where, and quotes no values', () => {
    const error = refusal('{\n "password": "hunter2",\n "n": 12345678901234567890\n}')
    expect(error.message).toContain('line 3, column 7')
    expect(refusal('{"password": "hunter2" oops}').message).not.toContain('hunter2')
  })
})

function hasLargeInteger(value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value)
  return typeof value === 'object' && value !== null && Object.values(value).some(hasLargeInteger)
}
