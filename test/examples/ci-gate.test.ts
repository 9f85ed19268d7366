import { beforeAll, expect, it } from 'vitest'
import { getVersion, logModel, type Evaluation, type ModelVersion } from 'stemma'
import { check, summary } from '../../examples/ci-gate/gate.js'
import { useOwnRegistry } from './own-registry.js'

useOwnRegistry()

let live: ModelVersion

beforeAll(async () => {
  live = await version({ auc: 0.9, errors: 0.1 }, [{ slice: 'site=a', metrics: { auc: 0.8 } }, { dataset: 'new', slice: 'site=a', metrics: { auc: 0.7 } }])
})

async function version(metrics: Record<string, number>, evaluations: Evaluation[] = []): Promise<ModelVersion> {
  return logModel({ name: 'm', artifacts: { 'a.txt': 'a' }, capture: false, metrics, evaluations })
}

it('checks limits and changes of the whole', async () => {
  const candidate = await version({ auc: 0.89, errors: 0.2 })
  const broken = (rule: Parameters<typeof check>[2][number], against: ModelVersion | undefined = live): string[] | undefined => check(candidate, against, [rule])[0]?.broken
  expect(broken({ metric: 'auc', mayFall: 0.02 })).toEqual([])
  expect(broken({ metric: 'auc', mayFall: 0.005, least: 0.9 })).toEqual(['below 0.9', 'falls by more than 0.005'])
  expect(broken({ metric: 'errors', mayRise: 0.05, most: 0.15 })).toEqual(['above 0.15', 'rises by more than 0.05'])
  expect(check(candidate, undefined, [{ metric: 'auc', mayFall: 0 }])).toEqual([{ where: 'all', metric: 'auc', live: undefined, candidate: 0.89, broken: [] }])
  expect(broken({ metric: 'accuracy' })).toEqual(['not measured'])
})

it('refuses slices that were not measured, and keeps those of different data apart', async () => {
  const candidate = await version({}, [{ slice: 'site=a', metrics: { auc: 0.8 } }, { dataset: 'new', slice: 'site=a', metrics: { auc: 0.6 } }, { slice: 'site=b', metrics: { auc: 0.5 } }])
  const results = check(candidate, live, [{ slice: '*', metric: 'auc', mayFall: 0.05 }])
  expect(results.map(({ where, broken }) => [where, broken])).toEqual([['*/site=a', []], ['new/site=a', ['falls by more than 0.05']], ['*/site=b', []]])
  const unmeasured = await version({ auc: 1 })
  expect(check(unmeasured, live, [{ slice: 'site=a', metric: 'auc' }]).map(({ broken }) => broken)).toEqual([['not measured'], ['not measured']])
  expect(check(unmeasured, live, [{ slice: 'site=c', metric: 'auc' }])).toEqual([{ where: 'site=c', metric: 'auc', live: undefined, candidate: undefined, broken: ['not measured'] }])
})

it('tells people in a table', async () => {
  const table = summary('m', check(await getVersion('m@1.0.0'), live, [{ metric: 'auc', least: 0.95 }]))
  expect(table).toContain('| ❌ | all | auc | 0.9000 | 0.9000 | below 0.95 |')
})
