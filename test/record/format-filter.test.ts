import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatFieldPath, parseFieldPath } from '../../src/record/field-path.js'
import { formatFilter } from '../../src/record/format-filter.js'
import { parseSearch } from '../../src/record/parse-search.js'
import { filters, toWhere } from './fixtures/filters.js'

describe('formatFilter', () => {
  it('gives back the filter when its text is read again', () => {
    fc.assert(
      fc.property(filters, (any) => {
        const { filter } = parseSearch({ where: toWhere(any) })
        expect(parseSearch({ where: formatFilter(filter) }).filter).toEqual(filter)
      }),
      { numRuns: 500 }
    )
  })

  it.each([
    "metrics.auc >= 0.9 and (tags.site = 'berlin' or not stage = 'archived')",
    "sequence = 1 or sequence = 2 and sequence = 3 or not (sequence = 4 and sequence = 5)",
    "tags.\"my key\" in ('a', 'it''s') and metrics.loss not exists",
    'not not deleted exists',
    'true',
    'false'
  ])('writes %s as people do', (text) => {
    expect(formatFilter(parseSearch({ where: text }).filter)).toBe(text)
  })
})

describe('formatFieldPath', () => {
  it('gives back any path when it is read again', () => {
    const fail = (message: string): never => {
      throw new Error(message)
    }
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 4 }), (path) => {
        expect(parseFieldPath(formatFieldPath(path), fail)).toEqual(path)
      }),
      { numRuns: 500 }
    )
  })
})
