// One model at several hospitals: `tsx examples/hospital-sites/main.ts`. Each site is a slice of the evaluation and an audience of its own:
// a version is measured at each site, rolled out site by site, and goes live only where that site's own figures allow it.
import { findVersion, history, logModel, search, startTraining, transitionStage, type ModelVersion } from 'stemma'
import { areaUnderCurve, fitLogistic, importances } from '../logistic-regression.js'
import { runAsProgram } from '../program.js'
import { DAYS, measuredSites, PATIENTS_FILE, readPatients } from './patients.js'

const NAME = 'oncology/early-death'
/** No site takes a model that is worse than this. 0.5 is chance. */
const LEAST_AUC = 0.6

/** Trains on all sites, and measures each of them with a model that was trained on the others: how it does where it has never been. */
export async function train(features: string[], bump: 'minor' | 'patch' = 'minor'): Promise<ModelVersion> {
  const settings = { epochs: 500, learningRate: 0.5, decay: 0.01 }
  const training = startTraining({ params: { ...settings, features, days: DAYS } })
  const patients = readPatients(features)
  const model = fitLogistic(features, patients, settings, (epoch, loss) => {
    training.metric('loss', loss, epoch)
  })
  training.finish()
  const evaluations = measuredSites(patients).map((slice) => {
    const others = fitLogistic(features, patients.filter(({ site }) => site !== slice), settings)
    const here = patients.filter(({ site }) => site === slice)
    return { dataset: 'ncctg-lung', slice, metrics: { auc: areaUnderCurve(others, here), patients: here.length } }
  })
  const measured = evaluations.reduce((sum, { metrics }) => sum + metrics.patients, 0)
  return logModel({
    name: NAME,
    bump,
    artifacts: { 'model.json': JSON.stringify(model) },
    training,
    metrics: { auc: evaluations.reduce((sum, { metrics }) => sum + metrics.auc * metrics.patients, 0) / measured, patients: patients.length },
    evaluations,
    featureImportance: importances(model),
    datasets: [{ name: 'ncctg-lung', path: PATIENTS_FILE, role: 'training' }],
    tags: { validation: 'leave-one-site-out' },
    description: `Who dies within ${DAYS} days: ${features.join(', ')}`
  }, { actor: 'training' })
}

/** Offers a version to a site, which takes it or says why not. */
export async function offer(version: ModelVersion, site: string): Promise<{ taken: boolean; reason: string }> {
  const auc = aucAt(version, site)
  const live = await findVersion({ name: NAME, stage: 'production', audience: site })
  const before = live && aucAt(live, site)
  if (auc === undefined) return { taken: false, reason: 'was not measured here' }
  if (auc < LEAST_AUC) return { taken: false, reason: `AUC ${auc.toFixed(3)} is below ${LEAST_AUC}` }
  if (before !== undefined && auc < before) return { taken: false, reason: `AUC would fall, ${before.toFixed(3)} → ${auc.toFixed(3)}` }
  const reason = before === undefined ? `AUC ${auc.toFixed(3)}` : `AUC ${before.toFixed(3)} → ${auc.toFixed(3)}`
  await transitionStage(`${NAME}@${version.version}`, 'production', { audience: site, expectedCurrent: live?.version ?? null, actor: site, reason })
  return { taken: true, reason }
}

/** What a site ran at an instant, or runs now: a site for which nothing is live has nothing, not the model of another one. */
export async function liveAt(site: string, instant?: string): Promise<string> {
  const version = await findVersion({ name: NAME, stage: 'production', audience: site, at: instant })
  const since = version?.live.find(({ audience }) => audience === site)
  return version ? `${version.version} since ${since?.at ?? '?'}: ${since?.reason ?? 'no reason given'}` : 'nothing'
}

function aucAt({ evaluations }: ModelVersion, site: string): number | undefined {
  return evaluations.find(({ slice }) => slice === site)?.metrics['auc']
}

async function rollOut(version: ModelVersion, sites: readonly string[]): Promise<void> {
  for (const site of sites) {
    const { taken, reason } = await offer(version, site)
    console.log(`  ${site.padEnd(8)} ${taken ? 'takes' : 'REFUSES'} ${version.version}: ${reason}`)
  }
}

await runAsProgram(import.meta.url, async () => {
  const [pilot = '', ...others] = measuredSites(readPatients([]))

  const first = await train(['age', 'sex'])
  console.log(`${first.version} knows age and sex. First the pilot, then the others:`)
  await rollOut(first, [pilot])
  await rollOut(first, others)

  const second = await train(['age', 'sex', 'ph.ecog', 'ph.karno', 'pat.karno', 'wt.loss'])
  console.log(`\n${second.version} knows how able the patient is, too:`)
  await rollOut(second, [pilot, ...others])

  console.log(`\nAt ${second.createdAt}, when ${second.version} was new, and now:`)
  for (const site of ['site=1', 'site=3', 'site=11']) {
    console.log(`  ${site}: ${await liveAt(site, second.createdAt)}\n  ${' '.repeat(site.length)}  ${await liveAt(site)}`)
  }

  console.log('\nWhich versions do well at site 3, and which one does it run?')
  for await (const { version } of search({ where: { 'slices."site=3".auc': { gte: 0.75 }, 'tags.validation': 'leave-one-site-out' } })) console.log(`  ${version} does well`)
  for await (const { version } of search("audiences = 'site=3'")) console.log(`  ${version} is live`)

  console.log('\nWhat happened at site 12?')
  for await (const { at, audience, version, replaced = 'nothing', reason = '' } of history(NAME)) {
    if (audience === 'site=12') console.log(`  ${at}  ${version} instead of ${replaced}: ${reason}`)
  }
})
