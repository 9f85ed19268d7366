import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startChild, type Child } from './child.js'
import type { Claim } from './format/check-store.js'
import { MODEL, placeIn, prepare } from './operations.js'
import { seededRandom } from './seeded-random.js'
import { fingerprint, startChecker, type Bench, type Result } from './suite.js'
import { writerLineSchema } from './writer-line.js'

const WRITERS = 8
const KILLS_A_STORE = 125
/** Between two changes of a writer, so that the time goes into kills. */
const PAUSE_MS = 1

interface Writer {
  child: Child
  ready: Promise<void>
}

/** B3: eight processes write to one model; one after the other is killed at a random moment, and replaced. */
export async function killLoop(bench: Bench, kills = 1_000 * bench.scale): Promise<Result> {
  const violations: string[] = []
  const checker = startChecker(bench.build)
  let done = 0
  let acknowledged = 0
  for (let round = 0; done < kills; round += 1) {
    const store = new KilledStore(bench, join(bench.folder, `kills-${round}`), round)
    const wanted = Math.min(KILLS_A_STORE, kills - done)
    await store.run(wanted, async (count, claims, isLast) => {
      const request = { folder: store.folder, base: store.base, claims, deep: isLast, writersAreGone: isLast }
      violations.push(...(await checker.check(request)).map((problem) => `store ${round}, kill ${count}: ${problem}`))
    })
    done += wanted
    acknowledged += [...store.claims.values()].filter(({ outcome }) => outcome === 'acknowledged').length
    violations.push(...store.complaints)
    rmSync(store.folder, { recursive: true, force: true })
    if (violations.length > 0) break
  }
  await checker.child.kill()
  if (acknowledged < done) violations.push(`only ${acknowledged} changes in ${done} kills: too few to show anything`)
  return { counts: `${done} kills, ${WRITERS} writers, ${acknowledged} acknowledged changes (seed ${bench.seed})`, violations }
}

class KilledStore {
  readonly folder: string
  readonly claims = new Map<string, Claim>()
  readonly complaints: string[] = []
  base: ReturnType<typeof fingerprint> = []
  readonly #bench: Bench
  readonly #random: () => number
  readonly #round: number
  #started = 0

  constructor(bench: Bench, folder: string, round: number) {
    this.#bench = bench
    this.folder = folder
    this.#round = round
    this.#random = seededRandom(bench.seed * 1_000 + round)
  }

  async run(kills: number, check: (kill: number, claims: Claim[], isLast: boolean) => Promise<void>): Promise<void> {
    const place = placeIn(this.folder)
    await prepare('models', place)
    this.base = fingerprint(place.store)
    const writers = Array.from({ length: WRITERS }, () => this.#start())
    for (let kill = 1; kill <= kills - WRITERS; kill += 1) {
      // The one that has been there for longest: the others have time to start.
      const at = kill % WRITERS
      const victim = writers[at]
      if (!victim) continue
      await victim.ready
      await sleep(1 + Math.floor(this.#random() * 80))
      await this.#kill(victim)
      writers[at] = this.#start()
      // What was acknowledged up to now must be there, though seven others go on writing.
      if (kill % 25 === 0) await check(kill, [...this.claims.values()].filter(({ outcome }) => outcome === 'acknowledged'), false)
    }
    await Promise.all(writers.map(({ ready }) => ready))
    await sleep(1 + Math.floor(this.#random() * 100))
    await Promise.all(writers.map((writer) => this.#kill(writer)))
    await check(kills, [...this.claims.values()], true)
  }

  async #kill({ child }: Writer): Promise<void> {
    const complaint = await child.kill()
    if (complaint !== undefined) this.complaints.push(`a writer was not there to be killed: it ${complaint}`)
  }

  #start(): Writer {
    const name = `${MODEL}-${this.#round}-${this.#started++}`
    const child = startChild(join(this.#bench.build.folder, 'writer.cjs'), { arguments: [this.folder, name, String(this.#started + this.#bench.seed), 'Infinity', String(PAUSE_MS)] })
    const ready = new Promise<void>((resolve) => {
      child.onLine((line) => {
        const { ready: isReady, begun, told, outcome, version } = writerLineSchema.parse(line)
        if (isReady === true) resolve()
        // Killed until it is told otherwise.
        if (begun !== undefined) this.claims.set(begun, { operationId: begun, outcome: 'killed' })
        if (told !== undefined && outcome !== undefined) this.claims.set(told, { operationId: told, outcome, version })
      })
      void child.ended.then(resolve)
    })
    return { child, ready }
  }
}
