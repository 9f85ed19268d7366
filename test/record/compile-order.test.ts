import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileOrder } from '../../src/record/compile-order.js'
import { parseSearch } from '../../src/record/parse-search.js'
import { runSearch } from '../../src/record/run-search.js'
import { selectTop } from '../../src/record/select-top.js'
import type { VersionSummary } from '../../src/schemas/model-version.js'
import { versions } from './fixtures/filters.js'
import { versionSummary } from './fixtures/version-summary.js'

function sorted(orderBy: string, all: VersionSummary[]): VersionSummary[] {
  return [...all].sort(compileOrder(parseSearch({ orderBy }).orderBy))
}

describe('compileOrder', () => {
  it('sorts by each key in turn, then by name, then by sequence', () => {
    const all = [
      versionSummary({ name: 'b', sequence: 2, metrics: { auc: 0.9 } }),
      versionSummary({ name: 'b', sequence: 1, metrics: { auc: 0.9 } }),
      versionSummary({ name: 'a', sequence: 3, metrics: { auc: 0.9 } }),
      versionSummary({ name: 'c', sequence: 1, metrics: { auc: 0.95 } })
    ]
    expect(sorted('metrics.auc desc', all).map(({ name, sequence }) => `${name}${sequence}`)).toEqual(['c1', 'a3', 'b1', 'b2'])
    expect(sorted('metrics.auc desc, sequence desc', all).map(({ name, sequence }) => `${name}${sequence}`)).toEqual(['c1', 'a3', 'b2', 'b1'])
  })

  it('puts versions without the field last either way', () => {
    const all = [versionSummary({ name: 'without' }), versionSummary({ name: 'low', metrics: { auc: 1 } }), versionSummary({ name: 'high', metrics: { auc: 2 } })]
    expect(sorted('metrics.auc', all).map(({ name }) => name)).toEqual(['low', 'high', 'without'])
    expect(sorted('metrics.auc desc', all).map(({ name }) => name)).toEqual(['high', 'low', 'without'])
  })

  it('sorts versions as semver and times as times', () => {
    const all = ['1.10.0', '1.9.0', '2.0.0', '2.0.0-rc.1'].map((version) => versionSummary({ version }))
    expect(sorted('version', all).map(({ version }) => version)).toEqual(['1.9.0', '1.10.0', '2.0.0-rc.1', '2.0.0'])
    const times = ['2026-03-01T12:00:00.5Z', '2026-03-01T12:00:00Z', '2026-03-01T12:00:00.200Z'].map((createdAt) => versionSummary({ createdAt }))
    expect(sorted('createdAt', times).map(({ createdAt }) => createdAt)).toEqual([
      '2026-03-01T12:00:00Z',
      '2026-03-01T12:00:00.200Z',
      '2026-03-01T12:00:00.5Z'
    ])
  })

  it('takes the smallest of several values ascending, the largest descending', () => {
    const wide = versionSummary({ name: 'wide', params: { x: [1, 9] } })
    const narrow = versionSummary({ name: 'narrow', params: { x: [4, 5] } })
    expect(sorted('params.x', [narrow, wide]).map(({ name }) => name)).toEqual(['wide', 'narrow'])
    expect(sorted('params.x desc', [narrow, wide]).map(({ name }) => name)).toEqual(['wide', 'narrow'])
  })

  it('is a total order, whatever the values', () => {
    const orders = fc.constantFrom('params.a.b desc', 'params.site', 'tags.site desc, metrics.auc', 'version', 'createdAt', 'deleted desc', 'audiences', 'slices."site=berlin".auc')
    fc.assert(
      fc.property(orders, versions, versions, versions, (orderBy, a, b, c) => {
        const order = compileOrder(parseSearch({ orderBy }).orderBy)
        expect(order(a, a)).toBe(0)
        expect(Math.sign(order(a, b))).toBe(0 - Math.sign(order(b, a)))
        if (order(a, b) <= 0 && order(b, c) <= 0) expect(order(a, c)).toBeLessThanOrEqual(0)
        if (order(a, b) === 0) expect([a.name, a.sequence]).toEqual([b.name, b.sequence])
      }),
      { numRuns: 1_000 }
    )
  })
})

describe('selectTop', () => {
  it('is the beginning of all, sorted', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 })), fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined }), (numbers, limit) => {
        const compare = (a: number, b: number): number => a - b
        expect(selectTop(numbers, compare, limit)).toEqual([...numbers].sort(compare).slice(0, limit))
      })
    )
  })

  it('does not compare much more than once per item for a small limit', () => {
    let compared = 0
    const numbers = Array.from({ length: 10_000 }, (_, index) => (index * 7_919) % 10_007)
    selectTop(numbers, (a, b) => (compared += 1) * 0 + a - b, 10)
    expect(compared).toBeLessThan(15_000)
  })
})

describe('runSearch', () => {
  it('filters, sorts, cuts, and leaves out deleted versions unless asked for', () => {
    const all = Array.from({ length: 10 }, (_, index) => versionSummary({ sequence: index + 1, metrics: { auc: index / 10 } }))
    const gone = versionSummary({ sequence: 11, metrics: { auc: 1 }, deleted: { at: '2026-03-01T00:00:00.000Z', reason: 'x' } })
    const query = { where: 'metrics.auc > 0.5', orderBy: 'metrics.auc desc', limit: 2 }
    expect(runSearch([...all, gone], parseSearch(query)).map(({ sequence }) => sequence)).toEqual([10, 9])
    expect(runSearch([...all, gone], parseSearch({ ...query, includeDeleted: true })).map(({ sequence }) => sequence)).toEqual([11, 10])
  })
})
