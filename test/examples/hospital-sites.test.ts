import { expect, it } from 'vitest'
import { getVersion, logModel, rollback, type ModelVersion } from 'stemma'
import { liveAt, offer, train } from '../../examples/hospital-sites/main.js'
import { measuredSites, readPatients } from '../../examples/hospital-sites/patients.js'
import { useOwnRegistry } from './own-registry.js'

useOwnRegistry()

it('reads the patients whose state is known, with the sites that are large enough', () => {
  const patients = readPatients(['age', 'wt.loss'])
  expect(patients).toHaveLength(221)
  expect(patients.filter(({ target }) => target)).toHaveLength(62)
  expect(patients[0]).toEqual({ site: 'site=3', values: [74, NaN], target: false })
  expect(measuredSites(patients)).toEqual(['site=1', 'site=12', 'site=13', 'site=3', 'site=11', 'site=16', 'site=22'])
})

it('goes live where a site takes it, and only there', async () => {
  const version = await train(['age', 'sex'])
  expect(version.evaluations.map(({ slice, metrics }) => [slice, metrics['patients']])).toContainEqual(['site=12', 23])
  expect(await offer(version, 'site=12')).toEqual({ taken: true, reason: 'AUC 0.667' })
  expect(await offer(version, 'site=11')).toMatchObject({ taken: false, reason: 'AUC 0.567 is below 0.6' })
  expect(await offer(version, 'site=33')).toMatchObject({ taken: false, reason: 'was not measured here' })
  expect((await getVersion('oncology/early-death@1.0.0')).audiences).toEqual(['site=12'])
  expect(await liveAt('site=11')).toBe('nothing')
})

it('refuses what is worse at the site, and tells what was live before a rollback', async () => {
  const log = (auc: number): Promise<ModelVersion> =>
    logModel({ name: 'oncology/early-death', artifacts: { 'model.json': '{}' }, capture: false, evaluations: [{ slice: 'site=12', metrics: { auc } }] })
  expect(await offer(await log(0.66), 'site=12')).toEqual({ taken: false, reason: 'AUC would fall, 0.667 → 0.660' })
  const better = await log(0.9)
  expect(await offer(better, 'site=12')).toEqual({ taken: true, reason: 'AUC 0.667 → 0.900' })
  const { live } = await getVersion('oncology/early-death@production?audience=site=12')
  await rollback('oncology/early-death', { audience: 'site=12', reason: 'too many alarms' })
  expect(await liveAt('site=12', live[0]?.at)).toContain(`${better.version} since ${live[0]?.at ?? ''}: AUC 0.667 → 0.900`)
  expect(await liveAt('site=12')).toMatch(/^1\.0\.0 since .*: too many alarms$/)
})
