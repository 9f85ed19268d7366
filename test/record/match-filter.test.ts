import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileFilter } from '../../src/record/match-filter.js'
import { parseSearch } from '../../src/record/parse-search.js'
import type { Filter, Operator } from '../../src/schemas/search.js'
import { comparisons, filters, toWhere, toWordyText, versions } from './fixtures/filters.js'
import { digestOf, versionSummary } from './fixtures/version-summary.js'

const version = versionSummary({
  name: 'risk/credit-score',
  version: '1.10.0',
  sequence: 7,
  createdAt: '2026-03-01T12:30:00.000Z',
  createdBy: 'ada',
  sizeBytes: 5_000,
  stage: 'production',
  audiences: ['berlin', 'paris'],
  aliases: ['champion'],
  tags: { site: 'berlin', 'my.key': 'x', fold: '3' },
  params: { rate: 0.1, shuffle: true, layers: [64, [32, 16]], optimizer: { name: 'adam', decay: null }, 'a.b': { '': 'y' }, none: [] },
  metrics: { auc: 0.91, 'val/auc': 0.88 },
  evaluations: [
    { dataset: 'loans', slice: 'site=berlin', metrics: { auc: 0.95 } },
    { slice: 'site=paris', metrics: { auc: 0.7 } },
    { dataset: 'loans', metrics: { auc: 0.2 } }
  ],
  featureImportance: { income: 0.6 },
  datasets: [
    { name: 'loans', version: '2026', role: 'training' },
    { name: 'patients', version: '3', role: 'test' }
  ],
  derivedFrom: [{ name: 'base', version: '2.10.0', digest: digestOf('base'), relation: 'fine-tuned' }],
  training: { startedAt: '2026-03-01T11:00:00Z', finishedAt: '2026-03-01T12:00:00.5Z', durationMs: 3_600_500, params: { seed: 7 }, series: {} },
  environment: {
    state: 'captured',
    digest: digestOf('environment'),
    runtime: { name: 'node', version: '20.20.2' },
    os: { platform: 'linux', release: '6.1', arch: 'x64' },
    dependencies: { 'onnxruntime-node': '1.23.0', 'lodash.merge': '4.6.2', '@scope/x': '1.0.0' }
  },
  approvals: [{ by: 'grace', decision: 'approved', at: '2026-03-02T08:00:00.000Z' }]
})

function passes(where: string, on = version): boolean {
  return compileFilter(parseSearch({ where }).filter)(on)
}

describe('compileFilter', () => {
  it.each([
    "name = 'risk/credit-score' and sequence = 7 and createdBy = 'ada' and sizeBytes > 4999 and artifactCount = 1",
    "version > '1.9.0' and version >= '1.10.0' and version < '2.0.0-rc.1' and version in ('1.10.0') and version like '1.1%'",
    "metrics.auc >= 0.9 and metrics.val/auc < 0.9 and featureImportance.income <= 0.6",
    "audiences = 'paris' and audiences in ('rome', 'berlin') and audiences like 'b%' and audiences != 'rome'",
    "aliases = 'champion' and aliases exists",
    "tags.\"my.key\" = 'x' and tags.site like '_erlin'",
    "params.rate = 0.1 and params.shuffle = true and params.layers = 16 and params.layers > 60 and params.optimizer.name = 'adam'",
    "params.\"a.b\".\"\" = 'y' and params.optimizer.decay exists",
    "slices.\"site=berlin\".auc > 0.9 and slices.\"site=paris\".auc < 0.9 and slices.\"site=rome\".auc not exists",
    "slices exists and slices.\"site=berlin\" exists and slices.\"site=rome\" not exists",
    "evaluations.metrics.auc < 0.3 and evaluations.dataset = 'loans' and evaluations.slice = 'site=paris'",
    "datasets.name = 'patients' and datasets.role = 'training' and datasets exists",
    "derivedFrom.name = 'base' and derivedFrom.version > '2.9.0' and derivedFrom.relation in ('fine-tuned', 'adapter')",
    "environment.runtime.version = '20.20.2' and environment.dependencies.onnxruntime-node exists",
    "environment.dependencies.\"lodash.merge\" = '4.6.2' and environment.dependencies.@scope/x = '1.0.0'",
    "code.state = 'unavailable' and hardware.gpus.name not exists",
    "approvals.decision = 'approved' and approvals.at >= '2026-03-02' and approvals.by = 'grace'",
    "training.durationMs > 3600000 and training.params.seed = 7 and training.finishedAt > '2026-03-01T13:00:00.4+01:00'",
    'deleted = false and deleted != true and not deleted and deleted not exists'.replace('not deleted and', 'not deleted exists and')
  ])('finds by %s', (where) => {
    expect(passes(where)).toBe(true)
  })

  it.each([
    ['a date is the whole day', "createdAt = '2026-03-01'", true],
    ['after a date is from the next day on', "createdAt > '2026-03-01'", false],
    ['up to a date includes the day', "createdAt <= '2026-03-01'", true],
    ['before a date excludes the day', "createdAt < '2026-03-01'", false],
    ['from a date on includes the day', "createdAt >= '2026-03-01'", true],
    ['a date-time is one millisecond', "createdAt = '2026-03-01T13:30:00+01:00' and createdAt in ('2026-03-01T12:30:00Z')", true],
    ['a missing field passes no comparison', 'metrics.f1 < 1 or metrics.f1 >= 1 or metrics.f1 in (1)', false],
    ['a missing field differs', "metrics.f1 != 1 and tags.team not in ('a') and description not like '%'", true],
    ['unlike types do not match', 'params.rate = \'0.1\' or params.optimizer.name > 0 or params.shuffle = \'true\'', false],
    ['unlike types differ', "params.rate != '0.1'", true],
    ['a list differs when no element is equal', "audiences != 'berlin'", false],
    ['a map is no value', "params.optimizer = 'adam' or params.optimizer like '%'", false],
    ['null is a value that equals nothing', "params.optimizer.decay = 'null' or params.optimizer.decay = 0", false],
    ['an empty list counts as missing', 'params.none exists or signature exists', false],
    ['case counts', "tags.site = 'Berlin' or tags.site like 'BER%'", false],
    ['what every object inherits is no value', 'tags.constructor exists or tags.__proto__ exists or params.toString exists or params.__proto__.x exists', false],
    ['true holds for all', 'true', true],
    ['false holds for none', 'false', false]
  ])('%s', (_, where, expected) => {
    expect(passes(where)).toBe(expected)
  })

  it('finds deleted versions', () => {
    const deleted = versionSummary({ deleted: { at: '2026-04-01T00:00:00.000Z', reason: 'data withdrawn' } })
    for (const where of ['deleted = true', 'deleted exists', "deleted.reason like '%withdrawn%'", "deleted.at >= '2026-04-01'", 'deleted in (true)']) {
      expect([passes(where, deleted), passes(where)]).toEqual([true, false])
    }
  })

  it('treats names from JSON that all objects inherit as plain names', () => {
    const own = versionSummary({ tags: JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, string> })
    expect(passes("tags.__proto__ = 'x' and tags.constructor = 'y' and tags.__proto__ exists", own)).toBe(true)
  })

  it('passes nothing, and does not throw, for comparisons that parseSearch would refuse', () => {
    const compare = (field: string[], operator: Operator, value: string | number | boolean | string[]): Filter => ({ kind: 'compare', field, operator, value })
    const impossible = [
      compare(['nonsense'], 'eq', 'x'),
      compare([], 'exists', true),
      compare(['version'], 'gt', 'one'),
      compare(['createdAt'], 'gt', 'yesterday'),
      compare(['metrics', 'auc'], 'gt', '0.1'),
      compare(['metrics'], 'eq', 1),
      compare(['name'], 'like', 5),
      compare(['name'], 'eq', ['risk/credit-score']),
      compare(['deleted'], 'gt', true),
      compare(['metrics', 'auc', 'x'], 'exists', true)
    ]
    expect(impossible.map((filter) => compileFilter(filter)(version))).toEqual(impossible.map(() => false))
    expect(compileFilter(compare(['nonsense'], 'ne', 'x'))(version)).toBe(true)
  })

  it('gives the same answers for the typed and the text form', () => {
    fc.assert(
      fc.property(filters, fc.array(versions, { maxLength: 5 }), (filter, all) => {
        const typed = compileFilter(parseSearch({ where: toWhere(filter) }).filter)
        const text = compileFilter(parseSearch({ where: toWordyText(filter) }).filter)
        const raw = compileFilter(filter)
        expect(all.map(typed)).toEqual(all.map(raw))
        expect(all.map(text)).toEqual(all.map(raw))
      }),
      { numRuns: 500 }
    )
  })

  it('keeps the laws of not, and, or', () => {
    fc.assert(
      fc.property(filters, filters, versions, (a, b, on) => {
        const test = (filter: Filter): boolean => compileFilter(filter)(on)
        const not = (filter: Filter): Filter => ({ kind: 'not', filter })
        const both: Filter = { kind: 'and', filters: [a, b] }
        const either: Filter = { kind: 'or', filters: [a, b] }
        expect(test(not(a))).toBe(!test(a))
        expect(test(both)).toBe(test(a) && test(b))
        expect(test(either)).toBe(test(a) || test(b))
        expect(test(not(both))).toBe(test({ kind: 'or', filters: [not(a), not(b)] }))
      }),
      { numRuns: 300 }
    )
  })

  it('keeps the laws of comparisons', () => {
    fc.assert(
      fc.property(comparisons, versions, (compare, on) => {
        const test = (operator: Operator, value = compare.value): boolean => compileFilter({ ...compare, operator, value })(on)
        if (typeof compare.value !== 'object') {
          expect(test('ne')).toBe(!test('eq'))
          expect(test('in', [compare.value])).toBe(test('eq'))
          if (compare.field[0] !== 'deleted' && test('eq')) expect(test('exists', true)).toBe(true)
          if (compare.operator !== 'eq' && compare.operator !== 'ne' && compare.operator !== 'like' && compare.operator !== 'exists') {
            expect(test('lte')).toBe(test('lt') || test('eq'))
            expect(test('gte')).toBe(test('gt') || test('eq'))
          }
        }
        expect(test('exists', false)).toBe(!test('exists', true))
      }),
      { numRuns: 1_000 }
    )
  })
})
