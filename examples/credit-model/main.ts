// A credit model under audit: `tsx examples/credit-model/main.ts [file]`. Two versions are trained, approved and promoted; then somebody
// complains about a decision that the first one made, and the report says everything about it.
import { writeFile } from 'node:fs/promises'
import { getModel, transitionStage, updateMetadata, type ModelVersion } from 'stemma'
import { predictLogistic, readLogistic } from '../logistic-regression.js'
import { percent, runAsProgram } from '../program.js'
import { FEATURES, readApplicants } from './applicants.js'
import { auditReport } from './audit-report.js'
import { NAME, THRESHOLD, train } from './train.js'

/** Records the yes of the risk committee, and only then makes the version live. */
export async function approveAndPromote({ version }: ModelVersion, comment: string, expectedCurrent: string | null): Promise<void> {
  await updateMetadata(`${NAME}@${version}`, { approval: { by: 'risk-committee', decision: 'approved', comment } }, { actor: 'risk-committee' })
  await transitionStage(`${NAME}@${version}`, 'production', { expectedCurrent, actor: 'release-manager', reason: `approved: ${comment}` })
}

/** Decides about one applicant with what is live, and says when, as the application's record would. */
export async function decide(values: number[]): Promise<{ at: string; affordable: boolean; probability: number; version: string }> {
  const loaded = await getModel(`${NAME}@production`)
  const probability = predictLogistic(await readLogistic(loaded), values)
  return { at: new Date().toISOString(), affordable: probability >= THRESHOLD, probability, version: loaded.version.version }
}

await runAsProgram(import.meta.url, async ([file = 'audit-report.md']) => {
  const first = await train(['education', 'experience'])
  await approveAndPromote(first, 'simple, and every input can be explained to an applicant', null)

  const applicant = readApplicants(['education', 'experience'], 'test')[4]
  const decision = await decide([...(applicant?.values ?? [])])
  console.log(`${decision.at}: ${decision.affordable ? 'yes' : 'no'} (probability ${percent(decision.probability)}), by ${NAME}@${decision.version}`)

  const second = await train(FEATURES)
  await approveAndPromote(second, 'more accurate; women are still refused too often, to be reviewed in a quarter', first.version)
  console.log(`${NAME}@${second.version} is live now`)

  await writeFile(file, `${await auditReport(NAME, decision.at)}\n`)
  console.log(`What decided then is told in ${file}`)
})
