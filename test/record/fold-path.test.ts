import { describe, expect, it } from 'vitest'
import { foldPath } from '../../src/record/fold-path.js'

describe('foldPath', () => {
  it('gives every character the key of its capital, its small letter and its normal forms', () => {
    const wrong: string[] = []
    for (let code = 0; code <= 0x1_ffff; code += 1) {
      if (code >= 0xd800 && code <= 0xdfff) continue
      const character = String.fromCodePoint(code)
      const key = foldPath(character)
      const others = [character.toUpperCase(), character.toLowerCase(), character.normalize('NFKC'), character.normalize('NFD'), key]
      if (others.some((other) => foldPath(other) !== key)) wrong.push(`U+${code.toString(16)}`)
    }
    expect(wrong).toEqual([])
  })

  it('keeps different letters apart', () => {
    expect(new Set(['a', 'b', 'ä', 'а', 'α', 'ss', 's'].map(foldPath)).size).toBe(7)
  })
})
