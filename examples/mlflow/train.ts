import type { Weights } from './onnx-file.js'

/** Loans: income and debt, both in tens of thousands, and whether they were paid back. */
export interface Loan {
  features: [income: number, debt: number]
  isRepaid: boolean
}

/** Loans that are the same in every run. */
export function makeLoans(count: number): Loan[] {
  return Array.from({ length: count }, (_, index) => {
    const income = ((index * 37) % 100) / 10
    const debt = ((index * 73) % 90) / 10
    return { features: [income, debt], isRepaid: income - debt + ((index * 11) % 7) / 7 > 0.5 }
  })
}

/** Logistic regression by gradient descent. */
export function fit(loans: readonly Loan[], epochs: number): Weights {
  const learned: Weights = { weights: [0, 0], bias: 0 }
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    for (const { features, isRepaid } of loans) {
      const error = predict(learned, features) - (isRepaid ? 1 : 0)
      learned.weights = learned.weights.map((weight, index) => weight - 0.01 * error * (features[index] ?? 0))
      learned.bias -= 0.01 * error
    }
  }
  return learned
}

/** Probability that a loan is paid back. */
export function predict({ weights, bias }: Weights, features: readonly number[]): number {
  const sum = weights.reduce((total, weight, index) => total + weight * (features[index] ?? 0), bias)
  return 1 / (1 + Math.exp(-sum))
}

/** Share of loans that are foreseen rightly. */
export function accuracy(learned: Weights, loans: readonly Loan[]): number {
  return loans.filter(({ features, isRepaid }) => predict(learned, features) > 0.5 === isRepaid).length / loans.length
}
