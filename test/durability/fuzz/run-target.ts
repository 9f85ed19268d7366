import { seededRandom } from '../seeded-random.js'
import { makeInput } from './mutate.js'
import { runOnce, type Outcome, type Target } from './target.js'

const HANG_MS = 100
const RETRIES = 3
const MOST_FAULTS = 5
const SHORTENINGS = 400

/** What came of all inputs of one target. */
export interface Tally {
  inputs: number
  values: number
  refused: number
  /** Most that an input took, CPU milliseconds. */
  slowestMs: number
  faults: string[]
}

/** Runs a target on `count` inputs, which follow from `seed` and their number alone. */
export async function runTarget(target: Target, count: number, seed: number, starting: (input: number) => void): Promise<Tally> {
  const tally: Tally = { inputs: 0, values: 0, refused: 0, slowestMs: 0, faults: [] }
  const known = new Set<string>()
  for (let number = 0; number < count && tally.faults.length < MOST_FAULTS; number += 1) {
    const input = makeInput(target, seededRandom(seedOf(seed, target.name, number)))
    starting(number)
    const { outcome, ms } = await timed(target, input)
    tally.inputs += 1
    if (ms > tally.slowestMs) tally.slowestMs = ms
    if (outcome.kind === 'value') tally.values += 1
    if (outcome.kind === 'refused') tally.refused += 1
    const fault = outcome.kind === 'fault' ? outcome.fault : ms > HANG_MS ? `took ${ms.toFixed(0)} ms` : undefined
    if (fault === undefined) continue
    const kind = fault.replaceAll(/\d+/g, '0').slice(0, 60)
    // One of a kind is enough.
    if (known.has(kind)) continue
    known.add(kind)
    const short = await shorten(target, input, outcome, seed)
    tally.faults.push(`${target.name}: ${fault}; input ${number} of seed ${seed}, ${input.length} long, shortened to ${short.length}: ${JSON.stringify(short.slice(0, 300))}`)
  }
  return tally
}

/** The outcome, and the CPU time it took; what takes long is tried again, for the collector or the compiler may have come in between. */
async function timed(target: Target, input: string): Promise<{ outcome: Outcome; ms: number }> {
  let ms = Infinity
  for (let attempt = 0; ; attempt += 1) {
    const before = process.cpuUsage()
    const outcome = await runOnce(target, input)
    const { user, system } = process.cpuUsage(before)
    ms = Math.min(ms, (user + system) / 1_000)
    if (ms <= HANG_MS || attempt === RETRIES) return { outcome, ms }
  }
}

/** Leaves out whatever can be left out with the same outcome. */
async function shorten(target: Target, input: string, { kind }: Outcome, seed: number): Promise<string> {
  const random = seededRandom(seed)
  let shortest = input
  for (let attempt = 0; attempt < SHORTENINGS && shortest.length > 1; attempt += 1) {
    const length = Math.max(1, Math.floor(shortest.length / 2 ** (1 + (attempt % 8))))
    const start = Math.floor(random() * (shortest.length - length + 1))
    const shorter = shortest.slice(0, start) + shortest.slice(start + length)
    const again = kind === 'fault' ? (await runOnce(target, shorter)).kind === 'fault' : attempt < 12 && (await timed(target, shorter)).ms > HANG_MS
    if (again) shortest = shorter
  }
  return shortest
}

/** FNV-1a of all that an input follows from. */
function seedOf(seed: number, name: string, number: number): number {
  let hash = 0x811c9dc5
  for (const character of `${seed} ${name} ${number}`) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return hash >>> 0
}
