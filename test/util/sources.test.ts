import { describe, expect, it } from 'vitest'
import { newId } from '../../src/util/new-id.js'
import { systemSources } from '../../src/util/sources.js'

describe('the randomness of the machine', () => {
  it.each([0, 1, 16, 63, 64, 65, 256, 1_000])('has %d bytes when so many are asked for', (length) => {
    expect(systemSources.randomBytes(length)).toHaveLength(length)
  })

  it('never gives the same bytes twice, nor any that it keeps', () => {
    const seen = new Set<string>()
    const held: Uint8Array[] = []
    for (let draw = 0; draw < 2_000; draw += 1) {
      const bytes = systemSources.randomBytes(draw % 3 === 0 ? 8 : 16)
      held.push(bytes)
      seen.add(Buffer.from(bytes).toString('hex'))
    }
    expect(seen.size).toBe(2_000)
    expect(new Set(held.map((bytes) => Buffer.from(bytes).toString('hex')))).toEqual(seen)
    expect(held.filter((bytes) => bytes.every((byte) => byte === 0))).toEqual([])
  })

  it('makes ids that differ', () => {
    expect(new Set(Array.from({ length: 5_000 }, () => newId(systemSources))).size).toBe(5_000)
  })
})
