import { afterEach, describe, expect, it, vi } from 'vitest'
import { parseYamlStrictly } from '../../src/cli/parse-yaml.js'

const read = (text: string | Uint8Array): unknown => parseYamlStrictly(Buffer.from(text), 'run.yaml')

afterEach(() => {
  vi.restoreAllMocks()
})

describe('YAML from outside', () => {
  it('is read as it stands', () => {
    expect(read('\uFEFFmetrics: {auc: 0.93, n: 42, big: 9007199254740991, neg: -7, hex: 0x1f}\nday: 2026-01-01\nseen: &s [1, two, ~, true]\nagain: *s\n1: one\n')).toEqual({
      metrics: { auc: 0.93, n: 42, big: 9007199254740991, neg: -7, hex: 31 },
      day: '2026-01-01',
      seen: [1, 'two', null, true],
      again: [1, 'two', null, true],
      1: 'one'
    })
    expect(read('')).toBeNull()
  })

  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]', ...'bcdefgh'.split('').map((name, index) => `${name}: &${name} [${Array(10).fill(`*${'abcdefg'[index] ?? ''}`).join(',')}]`)].join('\n')

  it.each([
    ['an integer that would be rounded', 'params:\n  id: 12345678901234567890\n', 'kept exactly, see line 2, column 7'],
    ['one among keys', '{9007199254740993: a}', 'kept exactly, see line 1, column 2'],
    ['one in a list', '- 1\n- -9007199254740993\n', 'kept exactly, see line 2, column 3'],
    ['bytes that are not UTF-8', Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe]), 'is not UTF-8'],
    ['a key given twice', 'a: 1\na: 2\n', 'see line 2, column 1'],
    ['two documents', 'a: 1\n---\nb: 2\n', 'see line'],
    ['a tag that is not known', 'a: !secret x\n', 'see line 1, column 4'],
    ['a tag that makes code', 'a: !!js/function "f"\n', 'see line 1, column 4'],
    ['a key that is a list', '? [1, 2]\n: 3\n', 'has a key that is a list or an object, see line 1, column 3'],
    ['aliases that unfold to millions', bomb, 'cannot be unfolded'],
    ['an alias of nothing', 'a: *b\n', 'run.yaml'],
    ['what is nested too deep', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, 'run.yaml is']
  ])('is refused with %s', (_what, text, message) => {
    const warned = vi.spyOn(process, 'emitWarning')
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining(message) as string }))
    expect(warned).not.toHaveBeenCalled()
  })

  it('does not quote what it holds', () => {
    const wrong = vi.fn()
    for (const text of ['password: hunter2: x', 'a: !hunter2 x', '? [hunter2]\n: 1', 'a: *hunter2']) {
      try {
        read(text)
      } catch (error) {
        wrong(JSON.stringify(error), String(error))
      }
    }
    expect(wrong).toHaveBeenCalledTimes(4)
    expect(JSON.stringify(wrong.mock.calls)).not.toContain('hunter2')
  })

  it('cannot reach a prototype', () => {
    const value = read('__proto__: {polluted: 1}\nconstructor: {prototype: {polluted: 2}}\n')
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect({}).not.toHaveProperty('polluted')
  })
})
