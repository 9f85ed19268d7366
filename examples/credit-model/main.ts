// A credit model under audit: `tsx examples/credit-model/main.ts [report.md]`. Two versions are trained, approved and promoted; then
// somebody complains about a decision that the first one made, and the report says everything about it.
import { writeFile } from 'node:fs/promises'
import { findVersion, getModel, transitionStage, updateMetadata, type ModelVersion } from 'stemma'
import { predictLogistic, readLogistic } from '../logistic-regression.js'
import { percent, runAsProgram } from '../program.js'
import { OCCUPATIONS, readApplicants } from './applicants.js'
import { auditReport } from './audit-report.js'
import { NAME, THRESHOLD, train } from './train.js'

/** What the first version knows. */
const FIRST = ['education', ...OCCUPATIONS] as const

/** Records the yes of the risk committee, and only then makes the version live. */
export async function approveAndPromote({ version }: ModelVersion, comment: string): Promise<void> {
  const live = await findVersion(`${NAME}@production`)
  await updateMetadata(`${NAME}@${version}`, { approval: { by: 'risk-committee', decision: 'approved', comment } }, { actor: 'risk-committee' })
  await transitionStage(`${NAME}@${version}`, 'production', { expectedCurrent: live?.version ?? null, actor: 'release-manager', reason: `approved: ${comment}` })
}

/** Decides about one applicant with what is live, and says when, as the application's record would. */
export async function decide(values: number[]): Promise<{ at: string; affordable: boolean; probability: number; version: string }> {
  const loaded = await getModel(`${NAME}@production`)
  const probability = predictLogistic(await readLogistic(loaded), values)
  return { at: new Date().toISOString(), affordable: probability >= THRESHOLD, probability, version: loaded.version.version }
}

await runAsProgram(import.meta.url, async ([file]) => {
  await approveAndPromote(await train(FIRST), 'every input can be explained to an applicant')
  const applicant = readApplicants(FIRST, 'test')[4]
  const decision = await decide([...(applicant?.values ?? [])])
  console.log(`${decision.at}: ${decision.affordable ? 'yes' : 'no'} (probability ${percent(decision.probability)}), by ${NAME}@${decision.version}`)

  const second = await train(['education', 'experience'])
  await approveAndPromote(second, 'experience instead of occupation: more accurate, and for no group less')
  console.log(`${NAME}@${second.version} is live now`)

  const report = await auditReport(NAME, decision.at)
  if (file === undefined) console.log(`\n${report}`)
  else await writeFile(file, `${report}\n`)
})
