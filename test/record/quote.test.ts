import { expect, it } from 'vitest'
import { quote } from '../../src/record/quote.js'

it.each<[unknown, string]>([
  ['plain é 模', '"plain é 模"'],
  ['a"b\\c', '"a\\"b\\\\c"'],
  ['\u001b[31mred\n', '"\\u001b[31mred\\u000a"'],
  ['a\u202eb\u200b', '"a\\u202eb\\u200b"'],
  ['\ud800', '"\\ud800"'],
  ['\u{e0001}', '"\\u{e0001}"'],
  ['x'.repeat(201), `"${'x'.repeat(200)}…"`],
  [undefined, 'undefined'],
  [null, 'null'],
  [{ a: 1 }, 'object'],
  [5, 'number']
])('quotes %j', (value, shown) => {
  expect(quote(value)).toBe(shown)
})
