import assert from 'node:assert/strict'
import { it } from 'vitest'
import type { Backend } from '../../../src/backends/backend.js'
import { openLocalBackend } from '../../../src/backends/local/open-local.js'
import { isStemmaError } from '../../../src/errors/stemma-error.js'
import { fixedSources, START_MS } from '../../support/fixed-sources.js'
import { all, prepareVersion } from '../conformance/fixtures.js'
import { seededRandom } from '../fault-disk.js'
import { createFaultDisk } from '../fault-fs.js'

/** `STEMMA_SCHEDULES` makes it a soak test, as test/durability does. */
const SCHEDULES = Number(process.env['STEMMA_SCHEDULES'] ?? 150)
const CHANGES_EACH = 4

/** What a writer was told. */
interface Acknowledged {
  version: string
  stage: string
}

/** Lets one waiting step at a time act, chosen by the seed, until all work has ended. */
function createScheduler(seed: number) {
  const random = seededRandom(seed)
  const waiting: (() => void)[] = []
  return {
    schedule: () => new Promise<void>((resolve) => waiting.push(resolve)),
    async runUntil(work: Promise<unknown>): Promise<void> {
      const state = { hasEnded: false }
      const ended = work.finally(() => {
        state.hasEnded = true
      })
      ended.catch(() => undefined)
      while (!state.hasEnded) {
        // Every process gets as far as it can without the disk.
        await new Promise((resolve) => setImmediate(resolve))
        const [next] = waiting.splice(Math.floor(random() * waiting.length), 1)
        next?.()
      }
      await ended
    }
  }
}

/** One process: logs, promotes and tags one model, each change under an id of its own. */
async function write(backend: Backend, writer: number, random: () => number): Promise<Acknowledged[]> {
  const acknowledged: Acknowledged[] = []
  const request = await prepareVersion(backend, 'm', { files: { 'model.bin': `weights ${writer % 2}` } })
  for (let index = 0; index < CHANGES_EACH; index += 1) {
    const operationId = `${writer}-${index}`
    const isFirst = index === 0
    const reference = { name: 'm', selector: { kind: 'sequence' as const, sequence: 1 + Math.floor(random() * 3) } }
    try {
      const version =
        isFirst || random() < 0.3
          ? await backend.createVersion(request, { operationId })
          : await backend.transition({ reference, stage: random() < 0.7 ? 'production' : 'archived' }, { operationId })
      acknowledged.push({ version: version.version, stage: version.stage })
    } catch (error) {
      if (!isStemmaError(error, 'NOT_FOUND')) throw error
    }
  }
  return acknowledged
}

async function checkSchedule(seed: number): Promise<void> {
  const random = seededRandom(seed)
  const disk = createFaultDisk()
  const writers = 2 + (seed % 3)
  const scheduler = createScheduler(seed)
  let nextSeed = seed * 10
  const open = (schedule?: () => Promise<void>): Promise<Backend> => {
    nextSeed += 1
    const sources = fixedSources({ seed: nextSeed })
    const { fs } = disk.mount({ now: () => START_MS, schedule, hasLinks: seed % 3 > 0, isLocal: seed % 5 > 0 })
    return openLocalBackend({ root: '/store', fs, sources })
  }
  // Also the creation of the store is a race.
  const work = Promise.all(Array.from({ length: writers }, async (_, writer) => write(await open(scheduler.schedule), writer, random)))
  await scheduler.runUntil(work)
  const acknowledged = (await work).flat()
  if (seed % 2 === 0) disk.crash(seed)

  const fresh = await open()
  const report = await fresh.verify({}, {})
  assert.deepEqual(report.problems.filter((problem) => problem.kind !== 'snapshot'), [])
  const history = await all(fresh.history({ name: 'm' }, {}))
  assert.deepEqual(history.map((entry) => entry.n), [...history.keys()])
  const live = (await all(fresh.versions('m', { includeDeleted: true }))).filter((version) => version.stage === 'production')
  assert(live.length <= 1)
  const created = history.filter((entry) => entry.type === 'created').map((entry) => entry.version)
  assert.equal(new Set(created).size, created.length)
  const madeByAck = acknowledged.filter((one) => one.stage === 'none').map((one) => one.version)
  assert.equal(new Set(madeByAck).size, madeByAck.length)
  for (const version of madeByAck) assert(created.includes(version), `${version} was acknowledged and is gone`)
}

it(`writers that meet in any order leave one sound journal (${SCHEDULES} schedules)`, { timeout: 3_600_000 }, async () => {
  for (let seed = 1; seed <= SCHEDULES; seed += 1) {
    try {
      await checkSchedule(seed)
    } catch (cause) {
      throw new Error(`schedule ${seed}`, { cause })
    }
  }
})
