import { expect, it } from 'vitest'
import { countText, sizeText, timeText } from '../../../src/cli/output/amounts.js'

it('says sizes in powers of 1000', () => {
  expect([0, 1, 999, 1_000, 1_500_000, 2_340_000_000, 9e18, -1_500].map(sizeText)).toEqual(['0 B', '1 B', '999 B', '1.0 kB', '1.5 MB', '2.3 GB', '9000.0 PB', '-1.5 kB'])
  // A rate.
  expect([0.4, 387.366, 999.6].map(sizeText)).toEqual(['0 B', '387 B', '1000 B'])
})

it('says counts and times', () => {
  expect([countText(1, 'file'), countText(0, 'file'), countText(2, 'entry', 'entries')]).toEqual(['1 file', '0 files', '2 entries'])
  expect(timeText('2026-03-01T12:00:00.123Z')).toBe('2026-03-01 12:00:00Z')
})
