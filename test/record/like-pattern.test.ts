import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileLike, endsInLoneEscape } from '../../src/record/like-pattern.js'

/** Says the same by trying everything. */
function likeByTrying(pattern: string[], text: string[]): boolean {
  const [first, ...rest] = pattern
  if (first === undefined) return text.length === 0
  if (first === '%') return likeByTrying(rest, text) || (text.length > 0 && likeByTrying(pattern, text.slice(1)))
  const [wanted, after] = first === '\\' && rest[0] !== undefined ? [rest[0], rest.slice(1)] : [first === '_' ? undefined : first, rest]
  return text.length > 0 && (wanted === undefined || wanted === text[0]) && likeByTrying(after, text.slice(1))
}

describe('compileLike', () => {
  it('agrees with trying everything', () => {
    const pattern = fc.array(fc.constantFrom('a', 'b', '%', '_', '\\', '😀'), { maxLength: 8 })
    const text = fc.array(fc.constantFrom('a', 'b', '%', '_', '\\', '😀'), { maxLength: 8 })
    fc.assert(
      fc.property(pattern, text, (steps, characters) => {
        expect(compileLike(steps.join(''))(characters.join(''))).toBe(likeByTrying(steps, characters))
      }),
      { numRuns: 5_000 }
    )
  })

  it.each([
    ['resnet-%', 'resnet-50', true],
    ['resnet-%', 'my-resnet-50', false],
    ['%net%', 'resnet-50', true],
    ['%50', 'resnet-50', true],
    ['ab%ba', 'aba', false],
    ['100\\%', '100%', true],
    ['100\\%', '1000', false],
    ['R%', 'resnet', false],
    ['%', '', true],
    ['', '', true],
    ['', 'x', false],
    ['_', '😀', true],
    ['a.c', 'abc', false]
  ])('%j for %j is %s', (pattern, text, expected) => {
    expect(compileLike(pattern)(text)).toBe(expected)
  })

  it('does not try again and again', () => {
    const start = performance.now()
    expect(compileLike('%a_'.repeat(300) + 'c')('a'.repeat(10_000) + 'b')).toBe(false)
    expect(performance.now() - start).toBeLessThan(1_000)
  })

  it('tells a lone escape at the end', () => {
    expect(['a', 'a\\', 'a\\\\', '\\\\\\'].map(endsInLoneEscape)).toEqual([false, true, false, true])
  })
})
