import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSearch } from '../../src/record/parse-search.js'
import { runSearch } from '../../src/record/run-search.js'
import { createVersionTable } from '../../src/record/version-table.js'
import { filters, versions } from './fixtures/filters.js'
import { versionSummary } from './fixtures/version-summary.js'

describe('a table of versions', () => {
  it('answers as a search through the versions themselves, however often it is asked', () => {
    fc.assert(
      fc.property(fc.array(versions, { maxLength: 6 }), fc.array(filters, { minLength: 1, maxLength: 4 }), (all, asked) => {
        const table = createVersionTable(all)
        for (const filter of [...asked, ...asked]) {
          const query = { ...parseSearch({ includeDeleted: true, limit: 4 }), filter }
          expect(table.search(query)).toEqual(runSearch(all, query))
        }
      }),
      { numRuns: 300 }
    )
  })

  it('keeps right about more fields than it keeps values of', () => {
    const metrics = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`m${index}`, index]))
    const table = createVersionTable([versionSummary({ metrics })])
    for (let round = 0; round < 2; round += 1) {
      for (let index = 0; index < 40; index += 1) {
        expect(table.search(parseSearch({ where: `metrics.m${index} = ${index}` }))).toHaveLength(1)
        expect(table.search(parseSearch({ where: `metrics.m${index} != ${index}` }))).toHaveLength(0)
      }
    }
  })

  it('tells fields apart whose names are alike', () => {
    const table = createVersionTable([versionSummary({ tags: { 'a.b': 'one' }, params: { a: { b: 'two' }, 'a.b': 'three' } })])
    expect(table.search(parseSearch({ where: "params.a.b = 'two' and params.\"a.b\" = 'three' and tags.\"a.b\" = 'one'" }))).toHaveLength(1)
  })
})
