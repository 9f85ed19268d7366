import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePosition } from '../../src/record/compile-order.js'
import { parseSearch } from '../../src/record/parse-search.js'
import { runSearch } from '../../src/record/run-search.js'
import { createVersionTable } from '../../src/record/version-table.js'
import type { VersionSummary } from '../../src/schemas/model-version.js'
import { searchPositionSchema, type ParsedSearch } from '../../src/schemas/search.js'
import { versions } from './fixtures/filters.js'
import { versionSummary } from './fixtures/version-summary.js'

const orders = fc.constantFrom(
  undefined,
  'params.a.b desc',
  'params.site',
  'tags.site desc, metrics.auc',
  'version desc',
  'version, createdAt',
  'deleted desc, name desc',
  'audiences',
  'sequence desc',
  'slices."site=berlin".auc'
)

/** Every version once: what tells them apart is their name and sequence. */
const all = fc.array(versions, { maxLength: 30 }).map((list) => list.map((version, index) => ({ ...version, sequence: index + 1 })))

type Run = (versions: readonly VersionSummary[], search: ParsedSearch) => VersionSummary[]
const runs: readonly [string, Run][] = [
  ['runSearch', runSearch],
  ['a table', (list, search) => createVersionTable(list).search(search)]
]

/** Page after page; `between` may change the versions before each. */
function pages(run: Run, search: ParsedSearch, pageSize: number, between: (page: number) => readonly VersionSummary[]): VersionSummary[] {
  const found: VersionSummary[] = []
  const positionOf = compilePosition(search.orderBy)
  for (let page = 0; page < 100; page += 1) {
    const last = found.at(-1)
    // A place goes over the wire as JSON.
    const after = last && searchPositionSchema.parse(JSON.parse(JSON.stringify(positionOf(last))))
    const items = run(between(page), { ...search, limit: pageSize, after })
    if (items.length === 0) break
    found.push(...items)
  }
  return found
}

describe.each(runs)('pages of %s', (_, run) => {
  it('joined are the whole result, for any order and page size', () => {
    fc.assert(
      fc.property(orders, all, fc.integer({ min: 1, max: 7 }), (orderBy, list, pageSize) => {
        const search = parseSearch({ ...(orderBy === undefined ? {} : { orderBy }), includeDeleted: true })
        const names = (found: readonly VersionSummary[]): string[] => found.map(({ name, sequence }) => `${name}#${sequence}`)
        expect(names(pages(run, search, pageSize, () => list))).toEqual(names(run(list, search)))
      }),
      { numRuns: 300 }
    )
  })

  it('lose and repeat no version that stays as it is, whatever becomes of the others meanwhile', () => {
    fc.assert(
      fc.property(orders, all, all, fc.integer({ min: 1, max: 4 }), (orderBy, list, others, pageSize) => {
        const search = parseSearch({ ...(orderBy === undefined ? {} : { orderBy }), includeDeleted: true })
        // Half of the versions become others after the first page.
        const later = list.map((version, index) => (index % 2 === 0 ? version : { ...version, ...others[index], name: version.name, sequence: version.sequence }))
        const found = pages(run, search, pageSize, (page) => (page === 0 ? list : later))
        for (const version of list.filter((_, index) => index % 2 === 0)) expect(found.filter((other) => other.sequence === version.sequence)).toHaveLength(1)
      }),
      { numRuns: 300 }
    )
  })

  it('take a place as foreign as it may be', () => {
    fc.assert(
      fc.property(orders, all, searchPositions(), (orderBy, list, after) => {
        const search = parseSearch(orderBy === undefined ? {} : { orderBy })
        expect(run(list, { ...search, after }).length).toBeLessThanOrEqual(list.length)
      })
    )
  })
})

it('begins after a version that is gone', () => {
  const list = [1, 2, 3].map((sequence) => versionSummary({ sequence, metrics: { auc: sequence } }))
  const search = parseSearch({ orderBy: 'metrics.auc' })
  const after = compilePosition(search.orderBy)(versionSummary({ sequence: 9, metrics: { auc: 2.5 } }))
  expect(runSearch(list, { ...search, after }).map(({ sequence }) => sequence)).toEqual([3])
})

function searchPositions(): fc.Arbitrary<NonNullable<ParsedSearch['after']>> {
  const key = fc.oneof(fc.string(), fc.double({ noNaN: true }), fc.boolean(), fc.constant(null))
  return fc.record({ keys: fc.array(key, { maxLength: 4 }), name: fc.string(), sequence: fc.integer() })
}
