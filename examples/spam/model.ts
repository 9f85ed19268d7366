// A spam filter: logistic regression on the words of a mail. Small, and the same numbers on every run.
import type { Mail } from './corpus.js'

/** What can be chosen about a training. */
export interface Settings {
  /** How many words the filter knows. */
  vocabularySize: number
  epochs: number
  learningRate: number
  seed: number
}

/** A trained filter. */
export interface SpamFilter {
  /** Word to its place in `weights`. */
  vocabulary: ReadonlyMap<string, number>
  /** Above zero speaks for spam, below zero against it. */
  weights: Float32Array
  bias: number
}

/** The words of a text, each once, in lower case; markup, `!!!`, `$` and `%` count as words too. */
export function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.toLowerCase().match(/[a-z][a-z'-]{2,19}|!{2,}|\$+|%/g))
}

/** How likely a text with these words is spam, from 0 to 1. */
export function predict(filter: SpamFilter, words: ReadonlySet<string>): number {
  return probability(filter, placesOf(filter.vocabulary, words))
}

/** Fits a filter by stochastic gradient descent, and tells `onEpoch` the mean loss of each round. */
export function fit(mails: readonly Mail[], settings: Settings, onEpoch: (epoch: number, loss: number) => void): SpamFilter {
  const vocabulary = chooseVocabulary(mails, settings.vocabularySize)
  const filter = { vocabulary, weights: new Float32Array(vocabulary.size), bias: 0 }
  const examples = mails.map((mail) => ({ places: placesOf(vocabulary, mail.words), target: mail.isSpam ? 1 : 0 }))
  const random = randomFrom(settings.seed)
  for (let epoch = 0; epoch < settings.epochs; epoch += 1) {
    shuffle(examples, random)
    const rate = settings.learningRate / (1 + epoch)
    let loss = 0
    for (const { places, target } of examples) {
      const error = target - probability(filter, places)
      loss -= Math.log(Math.max(1e-12, 1 - Math.abs(error)))
      filter.bias += rate * error
      for (const place of places) filter.weights[place] = (filter.weights[place] ?? 0) + rate * error
    }
    onEpoch(epoch, loss / examples.length)
  }
  return filter
}

/** The words with the largest weights, either way. */
export function strongestWords(filter: SpamFilter, count: number): Record<string, number> {
  const weighted = [...filter.vocabulary].map(([word, place]) => [word, filter.weights[place] ?? 0] as const)
  return Object.fromEntries(weighted.sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).slice(0, count))
}

/** The words whose share differs most between spam and other mail. */
function chooseVocabulary(mails: readonly Mail[], size: number): Map<string, number> {
  const counts = new Map<string, { spam: number; ham: number }>()
  for (const mail of mails) {
    for (const word of mail.words) {
      const count = counts.get(word) ?? { spam: 0, ham: 0 }
      count[mail.isSpam ? 'spam' : 'ham'] += 1
      counts.set(word, count)
    }
  }
  const spamCount = mails.filter((mail) => mail.isSpam).length
  const hamCount = mails.length - spamCount
  const ranked = [...counts]
    .filter(([, { spam, ham }]) => spam + ham >= 5)
    .map(([word, { spam, ham }]) => ({ word, difference: Math.abs(spam / spamCount - ham / hamCount) }))
    .sort((a, b) => b.difference - a.difference || (a.word < b.word ? -1 : 1))
  return new Map(ranked.slice(0, size).map(({ word }, place) => [word, place]))
}

function placesOf(vocabulary: ReadonlyMap<string, number>, words: ReadonlySet<string>): number[] {
  const places: number[] = []
  for (const word of words) {
    const place = vocabulary.get(word)
    if (place !== undefined) places.push(place)
  }
  return places
}

function probability(filter: SpamFilter, places: readonly number[]): number {
  let sum = filter.bias
  for (const place of places) sum += filter.weights[place] ?? 0
  return 1 / (1 + Math.exp(-sum))
}

function shuffle(items: unknown[], random: () => number): void {
  for (let last = items.length - 1; last > 0; last -= 1) {
    items.push(...items.splice(Math.floor(random() * (last + 1)), 1))
  }
}

/** Mulberry32: numbers from 0 to 1 that depend on the seed alone. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
