// Trains the model and logs it with what an auditor will ask for: data digests, feature importances, results for each protected group.
import { logModel, startTraining, type Evaluation, type ModelVersion } from 'stemma'
import { areaUnderCurve, fitLogistic, importances, predictLogistic, type LogisticRegression } from '../logistic-regression.js'
import { APPLICANTS, ENOUGH, readApplicants, type Applicant, type Feature } from './applicants.js'

/** The name of the model. */
export const NAME = 'credit/affordability'
/** From this probability on the answer is yes. */
export const THRESHOLD = 0.5

/** Trains on these features and logs the result as the next minor version. */
export async function train(features: readonly Feature[]): Promise<ModelVersion> {
  const settings = { epochs: 500, learningRate: 0.5, decay: 0.01 }
  const training = startTraining({ params: { ...settings, features, enoughDollarsAnHour: ENOUGH, threshold: THRESHOLD } })
  const model = fitLogistic([...features], readApplicants(features, 'training'), settings, (epoch, loss) => {
    training.metric('loss', loss, epoch)
  })
  training.finish()
  const tested = readApplicants(features, 'test')
  return logModel({
    name: NAME,
    bump: 'minor',
    artifacts: { 'model.json': JSON.stringify(model), 'config.json': JSON.stringify({ threshold: THRESHOLD }) },
    training,
    metrics: measure(model, tested),
    evaluations: [...byGroup(model, tested, 'gender'), ...byGroup(model, tested, 'race')],
    featureImportance: importances(model),
    datasets: [{ ...APPLICANTS, role: 'training' }],
    signature: { input: Object.fromEntries(features.map((feature) => [feature, 'number'])), output: { affordable: 'boolean' } },
    description: `Whether an applicant earns enough, from ${features.join(', ')}`
  }, { actor: 'training' })
}

function byGroup(model: LogisticRegression, tested: readonly Applicant[], attribute: 'gender' | 'race'): Evaluation[] {
  return [...new Set(tested.map((applicant) => applicant[attribute]))].sort().map((group) => ({
    dataset: APPLICANTS.name,
    slice: `${attribute}=${group}`,
    metrics: measure(model, tested.filter((applicant) => applicant[attribute] === group))
  }))
}

/** `approved` is the share that is told yes, `wronglyRefused` the share of those who do earn enough and are told no. */
function measure(model: LogisticRegression, applicants: readonly Applicant[]): Record<string, number> {
  const judged = applicants.map(({ values, target }) => ({ target, yes: predictLogistic(model, values) >= THRESHOLD }))
  const able = judged.filter(({ target }) => target)
  return {
    applicants: judged.length,
    accuracy: judged.filter(({ target, yes }) => target === yes).length / judged.length,
    auc: areaUnderCurve(model, applicants),
    approved: judged.filter(({ yes }) => yes).length / judged.length,
    wronglyRefused: able.filter(({ yes }) => !yes).length / able.length
  }
}
