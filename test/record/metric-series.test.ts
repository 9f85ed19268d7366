import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { metricSeries } from '../../src/record/metric-series.js'

function filled(count: number, maxInMemory: number): ReturnType<typeof metricSeries> {
  const series = metricSeries(maxInMemory)
  for (let step = 0; step < count; step += 1) series.add({ step, value: -step, elapsedMs: step })
  return series
}

describe('metricSeries', () => {
  it('keeps all points while they are few', () => {
    const series = filled(9, 10)
    expect(series.count).toBe(9)
    expect(series.thinned(100).map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(metricSeries().thinned(2)).toEqual([])
  })

  it('never gives more than wanted, keeps order, first and last, and spreads the rest evenly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 4, max: 64 }), fc.integer({ min: 2, max: 80 }), (count, memory, wanted) => {
        const steps = filled(count, memory).thinned(wanted).map(({ step }) => step)
        expect(steps.length).toBeLessThanOrEqual(wanted)
        expect(steps.length).toBeGreaterThanOrEqual(Math.min(count, wanted, memory / 2))
        expect(new Set(steps).size).toBe(steps.length)
        expect(steps).toEqual([...steps].sort((one, other) => one - other))
        expect(steps.at(-1)).toBe(count - 1)
        expect(steps[0]).toBe(count === 1 ? count - 1 : 0)
        const gaps = steps.slice(1).map((step, index) => step - (steps[index] ?? 0))
        expect(Math.max(0, ...gaps)).toBeLessThanOrEqual(Math.ceil((4 * count) / Math.min(count, wanted - 1, memory / 2)))
      })
    )
  })
})
