import { chmod, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { getVersion, isStemmaError, transitionStage, updateMetadata } from 'stemma'
import { readApplicants } from '../../examples/credit-model/applicants.js'
import { auditReport } from '../../examples/credit-model/audit-report.js'
import { approveAndPromote, decide } from '../../examples/credit-model/main.js'
import { NAME, train } from '../../examples/credit-model/train.js'
import { useOwnRegistry } from './own-registry.js'

useOwnRegistry()

it('is measured for each protected group, none of which it knows', async () => {
  const version = await train(['education', 'experience'])
  expect(version.evaluations.map(({ slice }) => slice)).toEqual(['gender=female', 'gender=male', 'race=hispanic', 'race=other', 'race=white'])
  expect(version.evaluations.reduce((sum, { slice, metrics }) => sum + (slice?.startsWith('race') ? (metrics['applicants'] ?? 0) : 0), 0)).toBe(178)
  expect(version.featureImportance['education']).toBeCloseTo(0.613, 3)
  expect(Object.keys(version.featureImportance)).toEqual(['education', 'experience'])
  expect(version.datasets[0]).toMatchObject({ name: 'cps-wages-1985', version: '0.2.3', role: 'training' })
})

it('reports what was known on the day, not what came later', async () => {
  await approveAndPromote(await getVersion(NAME), 'simple')
  const [applicant] = readApplicants(['education', 'experience'], 'test')
  const decision = await decide([...(applicant?.values ?? [])])
  expect(decision.version).toBe('1.0.0')
  await updateMetadata(`${NAME}@1.0.0`, { approval: { by: 'auditor', decision: 'rejected', comment: 'on second thoughts' } })
  const { live } = await getVersion(`${NAME}@production`)
  const at = live[0]?.at ?? ''

  const report = await auditReport(NAME, at)
  expect(report).toContain('approved by risk-committee: “simple”')
  expect(report).not.toContain('on second thoughts')
  expect(report).toContain('- it is live to this day')
  await transitionStage(`${NAME}@1.0.0`, 'archived', { actor: 'auditor', reason: 'rejected' })
  expect(await auditReport(NAME, at)).toMatch(/- it was live until \S+Z, when it was taken out, by auditor: rejected/)
  await expect(auditReport(NAME, '2026-01-01')).rejects.toSatisfy((error) => isStemmaError(error, 'NOT_FOUND'))
})

it('says so when the evidence was changed', async () => {
  const { artifacts } = await transitionStage(`${NAME}@1.0.0`, 'production')
  const at = (await getVersion(`${NAME}@production`)).live[0]?.at ?? ''
  expect(await auditReport(NAME, at)).toContain('Yes. ')
  const store = process.env['STEMMA_REGISTRY'] ?? ''
  const hex = artifacts.find(({ path }) => path === 'model.json')?.digest.slice('sha256:'.length) ?? ''
  const blob = (await readdir(store, { recursive: true })).find((file) => file.endsWith(hex)) ?? ''
  await chmod(join(store, blob), 0o644)
  await writeFile(join(store, blob), '{"weights":"better ones"}')
  expect(await auditReport(NAME, at)).toMatch(/## Is the evidence intact\n\n\*\*No\.\*\*\n\n- [A-Z_]+: /)
})
