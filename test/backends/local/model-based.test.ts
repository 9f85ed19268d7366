import assert from 'node:assert/strict'
import fc from 'fast-check'
import { it } from 'vitest'
import type { Backend } from '../../../src/backends/backend.js'
import { openLocalBackend } from '../../../src/backends/local/open-local.js'
import { createMemoryBackend } from '../../../src/backends/memory/create-memory-backend.js'
import { fixedSources, START_MS } from '../../support/fixed-sources.js'
import { all } from '../conformance/fixtures.js'
import { createFaultDisk, type Fault, type FaultDisk, type FaultMount } from '../fault-fs.js'
import { changeArbitrary, eventCount, everything, perform, type Change, type Result } from './commands.js'

/** `STEMMA_MODEL_RUNS` and `STEMMA_MODEL_COMMANDS` make it a soak test, as test/durability does. */
const RUNS = Number(process.env['STEMMA_MODEL_RUNS'] ?? 200)
const COMMANDS = Number(process.env['STEMMA_MODEL_COMMANDS'] ?? 20)
const ERRORS = ['EIO', 'ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EMFILE', 'ESTALE', 'EINTR']

type FaultPlan = (step: number, operation: string) => Fault | undefined

/** The store under test, and a registry in memory that says what it should be. */
class Bench {
  readonly #disk: FaultDisk = createFaultDisk()
  readonly #hasLinks: boolean
  readonly #expectedSources = fixedSources({ seed: 99 })
  #sources = fixedSources()
  #mount: FaultMount | undefined
  #plan: FaultPlan | undefined
  #firstStep = 0
  #process = 0
  #nowMs = START_MS
  readonly expected: Backend = createMemoryBackend({ sources: this.#expectedSources })
  #store: Backend | undefined

  constructor(hasLinks: boolean) {
    this.#hasLinks = hasLinks
  }

  get store(): Backend {
    assert(this.#store)
    return this.#store
  }

  /** A new process opens the store, without any repair. */
  async open(): Promise<void> {
    this.#process += 1
    this.#sources = fixedSources({ seed: this.#process, startMs: this.#nowMs })
    this.#plan = undefined
    const mount = this.#disk.mount({
      now: () => this.#sources.now(),
      hasLinks: this.#hasLinks,
      fault: (step, operation) => this.#plan?.(step - this.#firstStep, operation)
    })
    this.#mount = mount
    this.#store = await openLocalBackend({ root: '/data/store', fs: mount.fs, sources: this.#sources, processInfo: { hostname: 'h', pid: 1 } })
  }

  /** The same instant for both, later than all before. */
  tick(): void {
    this.#nowMs += 1_000
    this.#sources.moveTo(this.#nowMs)
    this.#expectedSources.moveTo(this.#nowMs)
  }

  plan(plan: FaultPlan | undefined): void {
    this.#firstStep = this.#mount?.steps() ?? 0
    this.#plan = plan
  }

  async restart(end: 'close' | 'kill' | 'power', seed: number): Promise<void> {
    if (end === 'close') await this.store.close()
    this.#mount?.kill()
    if (end === 'power') this.#disk.crash(seed)
    await this.open()
  }

  /** Makes the last event of a model durable, as asking for its outcome does. */
  async settle(name: string): Promise<void> {
    const last = (await all(this.store.history({ name }, {}))).at(-1)
    assert(last)
    assert.deepEqual(await this.store.resolveCommit(name, last.commitId, {}), { n: last.n })
  }

  async assertSame(): Promise<void> {
    assert.deepEqual(await everything(this.store), await everything(this.expected))
  }

  /** All bytes that versions need are there and right. A torn snapshot is a cache: it is named, and does no harm. */
  async assertSound(): Promise<void> {
    const { problems } = await this.store.verify({}, {})
    assert.deepEqual(problems.filter((problem) => problem.kind !== 'snapshot'), [])
  }
}

type Command = fc.AsyncCommand<object, Bench>

function command(label: string, run: (bench: Bench) => Promise<void>): Command {
  return { check: () => true, run: (_, bench) => run(bench), toString: () => label }
}

/** A change without faults: both say the same. */
function change(asked: Change): Command {
  return command(`change ${JSON.stringify(asked)}`, async (bench) => {
    bench.tick()
    assert.deepEqual(comparable(await perform(bench.store, asked)), comparable(await perform(bench.expected, asked)))
  })
}

/** The process ends between two changes: all that was acknowledged is there. */
function restart({ end, seed }: { end: 'close' | 'kill' | 'power'; seed: number }): Command {
  return command(`restart by ${end} ${seed}`, async (bench) => {
    await bench.restart(end, seed)
    await bench.assertSame()
    await bench.assertSound()
  })
}

/** The process dies within a change: it is there as a whole or not at all, and wholly if it was acknowledged. */
function dieDuring(asked: Change, at: number, end: 'kill' | 'power', seed: number): Command {
  return command(`die by ${end} ${seed} at step ${at} of ${JSON.stringify(asked)}`, async (bench) => {
    bench.tick()
    const before = await eventCount(bench.expected, asked.name)
    bench.plan((step) => (step === at ? { kind: 'die' } : undefined))
    const result = await perform(bench.store, asked).catch(() => undefined)
    await bench.restart(end, seed)
    const isThere = (await eventCount(bench.store, asked.name)) > before
    if (isThere || (result && 'version' in result)) await perform(bench.expected, asked)
    // Seen, but not acknowledged: until somebody asks for it to be durable, a power cut may still take it.
    if (isThere) await bench.settle(asked.name)
    await bench.assertSame()
    await bench.assertSound()
  })
}

/** The operating system reports errors within a change: what the call reports is what is there. */
function failDuring(asked: Change, at: number, fault: { code: string; acts: boolean }, persists: boolean): Command {
  const what = `${fault.code}${fault.acts ? ' after the act' : ''}${persists ? ' from then on' : ''}`
  return command(`${what} at step ${at} of ${JSON.stringify(asked)}`, async (bench) => {
    bench.tick()
    bench.plan((step) => ((persists ? step >= at : step === at) ? { kind: 'error', ...fault } : undefined))
    const result = await perform(bench.store, asked)
    bench.plan(undefined)
    if (await wasCommitted(bench, asked, result)) await perform(bench.expected, asked)
    await bench.assertSame()
    await bench.assertSound()
  })
}

/** A commit whose outcome is unknown is found, or not, by its id; every other error says that nothing was committed. */
async function wasCommitted({ store }: Bench, { name }: Change, result: Result): Promise<boolean> {
  if ('version' in result) return true
  if (result.code !== 'COMMIT_UNKNOWN') return false
  const { commitId } = result.error.details
  assert.equal(typeof commitId, 'string')
  return (await store.resolveCommit(name, String(commitId), {})) !== undefined
}

function comparable(result: Result): unknown {
  return 'version' in result ? result.version : result.code
}

/** A change of a version takes about ten steps, logging one about forty. */
const stepArbitrary = fc.oneof(fc.nat(12), fc.nat(45))

const commands = fc.commands(
  [
    changeArbitrary.map(change),
    changeArbitrary.map(change),
    fc.record({ end: fc.constantFrom('close' as const, 'kill' as const, 'power' as const), seed: fc.nat() }).map(restart),
    fc.tuple(changeArbitrary, stepArbitrary, fc.constantFrom('kill' as const, 'power' as const), fc.nat()).map((parts) => dieDuring(...parts)),
    fc
      .tuple(changeArbitrary, stepArbitrary, fc.record({ code: fc.constantFrom(...ERRORS), acts: fc.boolean() }), fc.boolean())
      .map((parts) => failDuring(...parts))
  ],
  { maxCommands: COMMANDS, size: 'max' }
)

it(`the local store is what a registry in memory is, through crashes and errors (${RUNS} runs)`, { timeout: 3_600_000 }, async () => {
  await fc.assert(
    // Where there are no hard links, renamed folders take their place: rarer, and all the same to whoever uses it.
    fc.asyncProperty(commands, fc.nat(3), async (run, kind) => {
      const bench = new Bench(kind > 0)
      await bench.open()
      await fc.asyncModelRun(() => ({ model: {}, real: bench }), run)
      await bench.restart('power', 1)
      await bench.assertSame()
    }),
    { numRuns: RUNS }
  )
})
