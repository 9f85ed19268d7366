import { expect, it } from 'vitest'
import { AUDIENCES, audienceOf } from '../../examples/ab-buckets/audience-of.js'

const users = Array.from({ length: 10_000 }, (_, index) => `user-${index}`)

it('splits users as the shares say, each always to the same side', () => {
  const counts = new Map(AUDIENCES.map((audience) => [audience, users.filter((user) => audienceOf(user) === audience).length]))
  expect(Math.abs((counts.get('bucket-a') ?? 0) - 2_500)).toBeLessThan(150)
  expect(Math.abs((counts.get('bucket-b') ?? 0) - 2_500)).toBeLessThan(150)
  expect(users.slice(0, 6).map((user) => audienceOf(user))).toEqual(['bucket-a', 'default', 'bucket-b', 'bucket-a', 'default', 'default'])
})

it('deals users anew for another experiment', () => {
  const inBoth = users.filter((user) => audienceOf(user) === 'bucket-a' && audienceOf(user, 'winter-filter') === 'bucket-a')
  expect(Math.abs(inBoth.length - 625)).toBeLessThan(100)
})
