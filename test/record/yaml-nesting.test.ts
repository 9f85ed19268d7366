import { describe, expect, it } from 'vitest'
import { isNestedTooDeep } from '../../src/record/yaml-nesting.js'

describe('isNestedTooDeep', () => {
  it.each(['[', '{a: ', '{? ', '- ', '? ', '- ? ', '["', '- [ '])('says so of thousands of %j', (piece) => {
    for (const before of ['', 'outs: ', 'outs:\n  ']) expect(isNestedTooDeep(before + piece.repeat(3_000))).toBe(true)
  })

  it('says so of lines that are further in each time', () => {
    expect(isNestedTooDeep(Array.from({ length: 1_400 }, (_, level) => `${' '.repeat(level)}a:`).join('\n'))).toBe(true)
  })

  it('lets through what people write, however much of it there is', () => {
    const text = 'outs:\n- md5: a304afb96060aad90176268345e10355\n  path: "a [b"\n  meta: {a: [1, 2, {b: []}]}\n'
    expect(isNestedTooDeep(text.repeat(200))).toBe(false)
    expect(isNestedTooDeep('- [1, 2]\n'.repeat(5_000) + '-'.repeat(5_000))).toBe(false)
  })

  it('takes time that grows with the text alone', () => {
    const before = process.cpuUsage()
    for (const piece of ['- ', '-  \t', ' ', '[', '- a ', '-\n']) isNestedTooDeep(piece.repeat(100_000))
    expect(process.cpuUsage(before).user).toBeLessThan(5_000_000)
  })
})
