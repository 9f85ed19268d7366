import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StemmaError } from '../../src/errors/stemma-error.js'
import { parseSearch } from '../../src/record/parse-search.js'
import type { Filter, SearchQuery, Where } from '../../src/schemas/search.js'
import { filters, toWhere, toWordyText } from './fixtures/filters.js'

function filterOf(where: SearchQuery['where']): Filter {
  return parseSearch({ where }).filter
}

function errorOf(query: unknown): StemmaError {
  try {
    parseSearch(query as SearchQuery)
  } catch (error) {
    if (error instanceof StemmaError) return error
    throw error
  }
  throw new Error('the query was accepted')
}

const compare = (field: string[], operator: string, value: unknown): object => ({ kind: 'compare', field, operator, value })

describe('parseSearch', () => {
  it('gives the same filter for the typed and the text form of the example in the design', () => {
    const text = "metrics.auc >= 0.9 and (tags.site = 'berlin' or not stage = 'archived')"
    const typed: Where = { 'metrics.auc': { gte: 0.9 }, or: [{ 'tags.site': 'berlin' }, { not: { stage: 'archived' } }] }
    expect(filterOf(text)).toEqual({
      kind: 'and',
      filters: [
        compare(['metrics', 'auc'], 'gte', 0.9),
        { kind: 'or', filters: [compare(['tags', 'site'], 'eq', 'berlin'), { kind: 'not', filter: compare(['stage'], 'eq', 'archived') }] }
      ]
    })
    expect(filterOf(typed)).toEqual(filterOf(text))
  })

  it('gives the same filter for both forms of any filter', () => {
    fc.assert(
      fc.property(filters, (filter) => {
        expect(filterOf(toWordyText(filter))).toEqual(filterOf(toWhere(filter)))
      }),
      { numRuns: 500 }
    )
  })

  it('binds not closer than and, and and closer than or', () => {
    expect(filterOf('sequence = 1 or not sequence = 2 and sequence = 3')).toEqual(
      filterOf('sequence = 1 or ((not (sequence = 2)) and sequence = 3)')
    )
  })

  it.each([
    ["tags.note = 'it''s\na \"note\"'", { 'tags.note': "it's\na \"note\"" }],
    ['tags."my.key" = \'x\'', { 'tags."my.key"': 'x' }],
    ["tags.`my key` = 'x'", { 'tags."my key"': 'x' }],
    ['tags."a""b" = \'x\'', { 'tags.`a"b`': 'x' }],
    ["environment.dependencies.onnxruntime-node = '1.23.0'", { 'environment.dependencies.onnxruntime-node': { eq: '1.23.0' } }],
    ["stage not in ('none', 'archived')", { not: { stage: { in: ['none', 'archived'] } } }],
    ["name not like 'tmp\\_%'", { not: { name: { like: 'tmp\\_%' } } }],
    ['metrics.auc exists and metrics.loss not exists', { 'metrics.auc': { exists: true }, 'metrics.loss': { exists: false } }],
    ['exists metrics.auc', { 'metrics.auc': { exists: true } }],
    ['metrics.x>=-1.5e-3', { 'metrics.x': { gte: -0.0015 } }],
    ['metrics.auc >= .5 AND metrics.auc < 1.', { 'metrics.auc': { gte: 0.5, lt: 1 } }],
    ['params.shuffle = true', { 'params.shuffle': true }],
    ['stage in ()', { stage: { in: [] } }],
    ['  \n ', {}],
    ["createdAt >= '2026-03-01T00:00:00.000Z'", { createdAt: { gte: new Date('2026-03-01T00:00:00Z') } }]
  ] satisfies [string, Where][])('reads %s', (text, typed) => {
    expect(filterOf(text)).toEqual(filterOf(typed))
  })

  it.each([{ stage: undefined }, { name: { eq: 'a', like: undefined } }, { not: undefined }])('refuses an entry that is undefined: %o', (where) => {
    expect(() => filterOf(where)).toThrow(expect.objectContaining({ code: 'INVALID_QUERY' }))
  })

  it('orders by what is asked, else newest first', () => {
    expect(parseSearch({ orderBy: 'metrics.auc desc, name' }).orderBy).toEqual([
      { field: ['metrics', 'auc'], direction: 'desc' },
      { field: ['name'], direction: 'asc' }
    ])
    expect(parseSearch({ orderBy: [{ field: 'metrics.auc', direction: 'desc' }, { field: 'name' }] })).toEqual(
      parseSearch({ orderBy: 'metrics.auc DESC, name asc' })
    )
    expect(parseSearch().orderBy).toEqual([{ field: ['createdAt'], direction: 'desc' }])
    expect(parseSearch({ orderBy: [] })).toEqual(parseSearch())
  })

  it('searches deleted versions when the filter asks about them, unless told not to', () => {
    expect(parseSearch({ where: "name = 'a'" }).includeDeleted).toBe(false)
    expect(parseSearch({ where: "name = 'a' or not deleted.reason like '%x%'" }).includeDeleted).toBe(true)
    expect(parseSearch({ where: 'deleted exists', includeDeleted: false }).includeDeleted).toBe(false)
  })

  it('points at what is wrong in a text', () => {
    const error = errorOf({ where: "stage = 'none'\n  and metrics.auc >= and name = 'x'" })
    expect(error.code).toBe('INVALID_QUERY')
    expect(error.message).toBe(
      'where, line 2, column 22: a value is missing before "and"\n' +
        "    and metrics.auc >= and name = 'x'\n" +
        '                       ^^^'
    )
    expect(error.details).toEqual({ position: 36, line: 2, column: 22, found: 'and' })
  })

  it('shows a part of a long line, the carets below what they point at', () => {
    const error = errorOf({ where: `${'sequence = 1 or '.repeat(50)}stge = 'x'${" or name = 'y'".repeat(50)}` })
    const [, line = '', carets = ''] = error.message.split('\n')
    expect(line.length).toBeLessThan(110)
    expect(line.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1)).toBe("stge = 'x'")
  })

  it.each([
    ['metrics.auc >=', 'a value is missing before the end', 'single quotes'],
    ['metrics.auc >= 0.9 stage', 'should end before "stage"', 'and, or'],
    ["metric.auc = 1", 'there is no field "metric"', 'Did you mean metrics.auc?'],
    ["accuracy > 0.9", 'there is no field "accuracy"', 'metrics.accuracy'],
    ['stage = production', '"production" is a field name', "'production'"],
    ['tags.site = "berlin"', 'is a field name', "'berlin'"],
    ["stage == 'x'", '"=="', 'Write ='],
    ["stage <> 'x'", '"<>"', 'Write !='],
    ["stage = 'x' && name = 'y'", '"&&"', 'Write and'],
    ["stage = 'x' || name = 'y'", '"||"', 'Write or'],
    ["!stage = 'x'", '"!"', 'Write not'],
    ['stage = ‘x’', 'quotation mark', 'straight'],
    ["stage = 'x", 'never closed', "''"],
    ['tags."x = 1', 'never closed', '"'],
    ['tags. = 1', 'a name is missing after the dot', 'double quotes'],
    ['metrics.auc is not null', 'an operator is missing', 'metrics.auc exists'],
    ['metrics.auc between 1 and 2', 'an operator is missing', '>='],
    ['metrics.auc = null', 'null', 'exists'],
    ['version >= 1.2.0', '"1.2.0" is not a number', "'1.2.0'"],
    ['createdAt > 2026-03-01', '"2026-03-01" is not a number', "'2026-03-01'"],
    ['metrics.x = 1e999', 'beyond', 'smaller'],
    ["(stage = 'x'", 'a ) is missing', 'Close'],
    ["stage = 'x')", 'should end before ")"', 'Remove'],
    ["stage in 'x'", 'in needs a list', '('],
    ["stage in ('x' 'y')", 'a , or ) is missing', 'commas'],
    ['name like 5', 'needs a pattern', 'ber%'],
    ["name like 'x\\'", 'lone \\', '\\\\'],
    ["'x' = name", 'a field is missing', 'first'],
    ['metrics.auc not 5', 'an operator is missing', 'in, like or exists'],
    ["metrics.auc >= '0.9'", 'metrics.auc holds a number', 'without quotes: 0.9'],
    ['tags.fold = 3', 'tags.fold holds text', "'3'"],
    ["version >= '1.2'", 'version holds a version', "'1.2.0'"],
    ["createdAt > 'yesterday'", 'createdAt holds a time', 'ISO date'],
    ["createdAt > '2026-02-30'", 'createdAt holds a time', 'ISO date'],
    ["createdAt > '2026-03-01T12:00'", 'createdAt holds a time', 'zone'],
    ['params.x > true', 'no order', '='],
    ['metrics = 1', 'holds several values', 'metrics exists'],
    ['metrics.val.auc = 1', 'single value', 'metrics."val.auc"'],
    ['name.first = 1', 'single value', 'name itself'],
    ['§ = 1', '"§"', ''],
    ['stage', 'an operator is missing between stage and the end', 'exists']
  ])('refuses %s', (where, message, hint) => {
    const error = errorOf({ where })
    expect(error.code).toBe('INVALID_QUERY')
    expect(error.message).toContain(message)
    expect(error.hint).toContain(hint)
  })

  it.each([
    [{ where: { stge: 'x' } }, 'where["stge"]: there is no field "stge"', 'Did you mean stage?'],
    [{ where: { or: [{}, { 'metrics.auc': { gt: 1, gtee: 2 } }] } }, 'where["or"][1]["metrics.auc"]: there is no operator "gtee"', 'gte'],
    [{ where: { 'metrics.auc': { $gt: 1 } } }, 'there is no operator "$gt"', 'Did you mean gt?'],
    [{ where: { 'metrics.auc': { gt: NaN } } }, 'nothing can be compared with NaN', 'finite'],
    [{ where: { stage: null } }, 'null', 'exists'],
    [{ where: { stage: ['a'] } }, 'a list', 'in'],
    [{ where: { stage: { in: 'a' } } }, 'in takes a list', '['],
    [{ where: { stage: { exists: 'yes' } } }, 'exists takes true or false', 'true'],
    [{ where: { stage: { like: 5 } } }, 'like takes a pattern', '%'],
    [{ where: { createdAt: new Date(NaN) } }, 'not valid', 'Date'],
    [{ where: { 'tags.my key': 'x' } }, 'cannot have " " outside quotes', 'tags."my key"'],
    [{ where: { and: {} } }, 'and takes a list', '['],
    [{ where: { not: 'x' } }, 'a filter is wanted', '{'],
    [{ where: [] }, 'a filter is wanted', '{'],
    [{ where: JSON.parse('{"__proto__": 1}') as unknown }, 'there is no field "__proto__"', ''],
    [{ order: 'name' }, 'there is no "order" in a query', 'orderBy'],
    [{ limit: -1 }, 'limit', 'Leave'],
    [{ limit: 1.5 }, 'limit', 'Leave'],
    [{ includeDeleted: 'yes' }, 'includeDeleted', 'false'],
    [{ orderBy: 'metrics.auc down' }, 'instead of "down"', 'desc'],
    [{ orderBy: 'name,' }, 'a field is missing before the end', 'desc'],
    [{ orderBy: 'tags' }, 'has no order', 'one of its values'],
    [{ orderBy: [{ field: 'nam' }] }, 'orderBy[0]: there is no field "nam"', 'name'],
    [{ orderBy: [{ field: 'name', dir: 'asc' }] }, 'there is no "dir"', 'direction'],
    [{ orderBy: [{ field: 'name', direction: 'up' }] }, 'neither asc nor desc', 'desc'],
    [null, 'a query is wanted', 'where']
  ])('refuses the typed query %j', (query, message, hint) => {
    const error = errorOf(query)
    expect(error.code).toBe('INVALID_QUERY')
    expect(error.message).toContain(message)
    expect(error.hint).toContain(hint)
  })

  it('limits depth, comparisons, lists, patterns and text, in both forms', () => {
    const nest = (depth: number): Where => (depth === 0 ? { stage: 'x' } : { not: nest(depth - 1) })
    const many = (count: number): Where => ({ or: Array.from({ length: count }, (_, index) => ({ sequence: index })) })
    expect(() => filterOf(nest(31))).not.toThrow()
    expect(() => filterOf(`${'not '.repeat(31)}stage = 'x'`)).not.toThrow()
    expect(() => filterOf(many(1_000))).not.toThrow()
    const cycle: Where = {}
    cycle.not = cycle
    let doubled: Where = {}
    for (let level = 0; level < 31; level += 1) doubled = { or: [doubled, doubled] }
    const refused: [SearchQuery['where'], string][] = [
      [nest(32), 'deeper than 32'],
      [`${'not '.repeat(32)}stage = 'x'`, 'deeper than 32'],
      [`${'('.repeat(20_000)}stage = 'x'${')'.repeat(20_000)}`, 'deeper than 32'],
      [cycle, 'deeper than 32'],
      [doubled, 'more than 1000 comparisons'],
      [many(1_001), 'more than 1000 comparisons'],
      [Array.from({ length: 1_001 }, () => 'sequence=1').join(' or '), 'more than 1000 comparisons'],
      [{ sequence: { in: Array.from({ length: 1_001 }, (_, index) => index) } }, '1001 values'],
      [{ name: { like: 'x'.repeat(1_001) } }, '1001 characters'],
      [`name = '${'é'.repeat(32_768)}'`, 'longer than 65536 bytes']
    ]
    for (const [where, message] of refused) {
      const error = errorOf({ where })
      expect(error.code).toBe('INVALID_QUERY')
      expect(error.message).toContain(message)
    }
  })

  it('answers any text and any object with a filter or INVALID_QUERY', () => {
    const piece = fc.constantFrom(...'and or not in like exists true ( ) , = != <= name metrics.auc "a" \' \'\' " ` . 1 -1e5 x \\ \n ’'.split(' '), ' ')
    const text = fc.oneof(fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')), fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(fc.oneof(text, fc.object({ key: fc.constantFrom('and', 'or', 'not', 'name', 'metrics.auc', 'eq', 'in', 'x') })), (where) => {
        try {
          parseSearch({ where: where as Where | string })
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_QUERY' })
        }
      }),
      { numRuns: 2_000 }
    )
  })

  it.each(['(', 'not ', "'", '"', "''", 'name.', '1', '- ', '=', ' \n', 'a', '\\', 'name = 1 and '])('takes no longer for 64 KiB of %j', (piece) => {
    const text = piece.repeat(Math.floor(65_536 / piece.length))
    const start = performance.now()
    try {
      parseSearch({ where: text })
    } catch (error) {
      expect(error).toMatchObject({ code: 'INVALID_QUERY' })
    }
    expect(performance.now() - start).toBeLessThan(1_000)
  })
})
