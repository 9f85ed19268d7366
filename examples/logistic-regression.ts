// Logistic regression on named numbers: a probability of yes. Small, and the same numbers on every run.
import type { LoadedModel } from 'stemma'
import * as z from 'zod'

const modelSchema = z.object({
  features: z.array(z.string()),
  means: z.array(z.number()),
  deviations: z.array(z.number()),
  /** Of the standardised features, so that their sizes can be compared. */
  weights: z.array(z.number()),
  bias: z.number()
})
/** A fitted model; written as JSON it is an artifact. */
export type LogisticRegression = z.infer<typeof modelSchema>

/** What can be chosen about a training. */
export interface Settings {
  epochs: number
  learningRate: number
  /** How strongly weights are drawn to zero. */
  decay: number
}

/** One case: a number for each feature, `NaN` where it is not known, and whether the answer was yes. */
export interface Case {
  values: readonly number[]
  target: boolean
}

/** Fits a model by gradient descent, and tells `onEpoch` the mean loss of each round. */
export function fitLogistic(features: string[], cases: readonly Case[], settings: Settings, onEpoch?: (epoch: number, loss: number) => void): LogisticRegression {
  const columns = features.map((_, place) => cases.map(({ values }) => values[place] ?? NaN).filter((value) => !Number.isNaN(value)))
  const means = columns.map(mean)
  const deviations = columns.map((column, place) => Math.sqrt(mean(column.map((value) => (value - (means[place] ?? 0)) ** 2))) || 1)
  const model = { features, means, deviations, weights: features.map(() => 0), bias: 0 }
  const examples = cases.map(({ values, target }) => ({ inputs: standardise(model, values), target: target ? 1 : 0 }))
  for (let epoch = 0; epoch < settings.epochs; epoch += 1) {
    const errors = examples.map(({ inputs, target }) => target - probability(model, inputs))
    const gradient = features.map((_, place) => mean(examples.map(({ inputs }, index) => (inputs[place] ?? 0) * (errors[index] ?? 0))))
    model.weights = model.weights.map((weight, place) => weight + settings.learningRate * ((gradient[place] ?? 0) - settings.decay * weight))
    model.bias += settings.learningRate * mean(errors)
    onEpoch?.(epoch, -mean(errors.map((error) => Math.log(Math.max(1e-12, 1 - Math.abs(error))))))
  }
  return model
}

/** How likely the answer is yes, from 0 to 1. */
export function predictLogistic(model: LogisticRegression, values: readonly number[]): number {
  return probability(model, standardise(model, values))
}

/** The share of the weights that each feature has. */
export function importances({ features, weights }: LogisticRegression): Record<string, number> {
  const sum = weights.reduce((total, weight) => total + Math.abs(weight), 0)
  return Object.fromEntries(features.map((feature, place) => [feature, Math.abs(weights[place] ?? 0) / sum]))
}

/** How often a yes is given a higher probability than a no: 0.5 is chance, 1 is perfect. */
export function areaUnderCurve(model: LogisticRegression, cases: readonly Case[]): number {
  const scored = cases.map(({ values, target }) => ({ score: predictLogistic(model, values), target }))
  const no = scored.filter(({ target }) => !target)
  return mean(scored.filter(({ target }) => target).map((yes) => mean(no.map(({ score }) => (yes.score > score ? 1 : yes.score === score ? 0.5 : 0)))))
}

/** The model of a version that was loaded. */
export async function readLogistic(loaded: LoadedModel): Promise<LogisticRegression> {
  return modelSchema.parse(JSON.parse(Buffer.from(await loaded.read('model.json')).toString('utf8')))
}

function standardise({ means, deviations }: LogisticRegression, values: readonly number[]): number[] {
  return values.map((value, place) => (Number.isNaN(value) ? 0 : (value - (means[place] ?? 0)) / (deviations[place] ?? 1)))
}

function probability({ weights, bias }: LogisticRegression, inputs: readonly number[]): number {
  return 1 / (1 + Math.exp(-inputs.reduce((sum, input, place) => sum + input * (weights[place] ?? 0), bias)))
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
