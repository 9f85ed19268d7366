// One piece of work on the MLflow server argv[2] at a time, as a line of JSON each on the standard input: prints the milliseconds that the call itself took.
import { createInterface } from 'node:readline'
import { openRegistry } from 'stemma'

const [, , url] = process.argv
let registry

const timed = async (work) => {
  const begin = performance.now()
  await work()
  return performance.now() - begin
}

const story = { params: { depth: 6, rate: 0.1, loss: 'log' }, metrics: { auc: 0.91, f1: 0.8 } }

const found = async (query) => {
  const names = []
  for await (const version of registry.search(query)) names.push(`${version.name}@${version.version}`)
  return names
}

const works = {
  log: ({ name, folder }) => timed(() => registry.logModel({ name, artifacts: folder, ...story, capture: false })),
  // A cold one gets a cache of its own; what a registry reads when it is opened is not part of the call.
  async fetch({ name, cache, warmUp }) {
    if (cache !== undefined) {
      await registry?.close()
      registry = await openRegistry(`mlflow+${url}`, { cache })
      if (warmUp !== undefined) await registry.getModel(warmUp)
    }
    return timed(() => registry.getModel(name))
  },
  promote: ({ name, turns, first }) =>
    timed(async () => {
      for (let turn = first; turn < first + turns; turn++) await registry.transitionStage(`${name}#${1 + (turn % 2)}`, 'production', { reason: 'better on the hold-out set' })
    }),
  async search({ turns, limit, atLeast }) {
    const query = { where: { 'metrics.auc': { gte: atLeast } }, orderBy: 'metrics.auc desc', limit }
    let names = []
    const ms = await timed(async () => {
      for (let turn = 0; turn < turns; turn++) names = await found(query)
    })
    if (names.length !== limit) throw new Error(`wanted ${limit} versions, found ${names.length}`)
    return ms
  },
  // Versions to be found later: models side by side.
  async seed({ name, models, versions }) {
    const lane = async (_, model) => {
      for (let index = model; index < versions; index += models) {
        await registry.logModel({ name: `${name}-${model}`, artifacts: { 'w.bin': Buffer.from(`w${index}`) }, metrics: { auc: ((index * 7919) % 10_007) / 10_007 }, capture: false })
      }
    }
    return timed(() => Promise.all(Array.from({ length: models }, lane)))
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { work, ...input } = JSON.parse(line)
  if (work !== 'fetch' || input.cache === undefined) registry ??= await openRegistry(`mlflow+${url}`)
  const ms = await works[work](input)
  console.log(JSON.stringify({ ms, peakKib: process.resourceUsage().maxRSS }))
}
await registry?.close()
