import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { startChild, type Child } from './child.js'
import { checkStore } from './format/check-store.js'
import { readStore } from './format/read-store.js'
import { isLinearizable } from './linearizability.js'
import { MODEL, OPERATIONS, placeIn } from './operations.js'
import { historyAnswerSchema, timed, type TimedCall } from './recorded-history.js'
import { copyTemplate, makeTemplates, type Bench, type Result, type Template } from './suite.js'
import { checkWitness } from './witness.js'

const PROCESSES = 16

export interface HistoryPlan {
  /** Histories of 16 processes, checked with the journal as the witness. */
  witnessed: number
  calls: number
  /** Histories of 8 processes × 50 calls, checked without looking at the store. */
  searched: number
}

/** B7: what many processes were told about one model is what one after the other could have been told. */
export async function histories(bench: Bench, plan: HistoryPlan = { witnessed: 20 * bench.scale, calls: 250, searched: 200 * bench.scale }): Promise<Result> {
  const folder = join(bench.folder, 'histories')
  const operation = OPERATIONS.find(({ name }) => name === 'promote')
  if (!operation) throw new Error('no operation to take the template from')
  const templates = await makeTemplates(folder, [operation])
  const children = Array.from({ length: PROCESSES }, () => startChild(join(bench.build.folder, 'history.cjs'), { patienceMs: 300_000 }))
  const violations: string[] = []
  let total = 0
  const once = async (group: readonly Child[], label: string, count: number, logs: boolean): Promise<Recorded | undefined> => {
    const recorded = await record(group, { folder: join(folder, label), templates, operation, count, logs, seed: bench.seed * 7_919 + hash(label) })
    total += recorded.calls.length
    violations.push(...recorded.problems.map((problem) => `${label}: ${problem}`))
    return recorded.problems.length === 0 ? recorded : undefined
  }
  try {
    for (let round = 0; round < plan.witnessed && violations.length === 0; round += 1) {
      const recorded = await once(children, `witnessed-${round}`, plan.calls, true)
      if (recorded) violations.push(...checkWitness(recorded.events, recorded.calls).map((problem) => `witnessed-${round}: ${problem}`))
    }
    for (let round = 0; round < plan.searched && violations.length === 0; round += 2) {
      await Promise.all([children.slice(0, 8), children.slice(8)].map(async (group, half) => {
        const recorded = await once(group, `searched-${round + half}`, 50, false)
        if (!recorded) return
        const initial = { live: '1.0.1', tags: new Map([['1.0.0', { owner: 'risk' }]]) }
        if (!isLinearizable(recorded.calls, initial)) violations.push(`searched-${round + half}: no order of the calls explains the answers`)
      }))
    }
  } finally {
    await Promise.all(children.map((child) => child.kill()))
  }
  return { counts: `${plan.witnessed} histories of ${PROCESSES} × ${plan.calls} and ${plan.searched} of 8 × 50 calls (${total} calls, seed ${bench.seed})`, violations }
}

interface Recorded {
  calls: TimedCall[]
  events: ReturnType<typeof readStore>['models'][number]['events']
  problems: string[]
}

interface RecordRequest {
  folder: string
  templates: ReadonlyMap<(typeof OPERATIONS)[number]['base'], Template>
  operation: (typeof OPERATIONS)[number]
  count: number
  logs: boolean
  seed: number
}

async function record(group: readonly Child[], { folder, templates, operation, count, logs, seed }: RecordRequest): Promise<Recorded> {
  const base = copyTemplate(templates, operation, folder)
  const startNs = String(process.hrtime.bigint() + 50_000_000n)
  const problems: string[] = []
  const told = await Promise.all(group.map(async (child, index) => {
    const answer = await child.ask({ folder, name: `p${index}`, seed: seed + index, count, logs, startNs })
    if (answer.kind !== 'answered') {
      problems.push(`a process ${answer.kind}: ${answer.errors}`)
      return []
    }
    const parsed = historyAnswerSchema.parse(answer.value)
    if ('calls' in parsed) return parsed.calls
    problems.push(parsed.failed)
    return []
  }))
  const { store } = placeIn(folder)
  problems.push(...checkStore(store, { base, claims: [] }).problems)
  const events = readStore(store).models.find(({ name }) => name === MODEL)?.events ?? []
  rmSync(folder, { recursive: true, force: true })
  return { calls: timed(told.flat()), events, problems }
}

function hash(text: string): number {
  let value = 0
  for (const character of text) value = (Math.imul(value, 31) + character.charCodeAt(0)) >>> 8
  return value
}
