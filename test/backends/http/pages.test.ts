import { expect, it } from 'vitest'
import { allPages } from '../../../src/backends/http/pages.js'
import { all, errorOf } from '../../support/test-registry.js'

it.each([1, 2, 3, 7])('pages that lead around in a circle of %i end', async (length) => {
  let reads = 0
  const pages = allPages(() => Promise.resolve({ items: [reads], next: `c${reads < 5 ? reads++ : 5 + (reads++ % length)}` }))
  expect(await errorOf(all(pages))).toMatchObject({ code: 'PROTOCOL_ERROR' })
  expect(reads).toBeLessThan(40)
})

it('many pages are read to the last one', async () => {
  let reads = 0
  const pages = allPages(() => Promise.resolve({ items: [reads++], next: reads === 1_000 ? null : `c${reads}` }))
  expect(await all(pages)).toHaveLength(1_000)
})
