import { expect, it } from 'vitest'
import { createMemoryLogStore } from '../../../src/backends/memory/log-store.js'
import { createModelStates } from '../../../src/backends/journal/model-states.js'
import { encodeEvent } from '../../../src/backends/journal/event-file.js'
import type { LogStore } from '../../../src/backends/journal/log-store.js'
import { sha256Hex } from '../../../src/util/sha256.js'
import { fixedSources } from '../../support/fixed-sources.js'
import { EMPTY_BIRTH } from '../conformance/fixtures.js'

/** A journal that others write to, read through a slow disk. */
function slowJournal() {
  const log = createMemoryLogStore()
  const waiting: (() => void)[] = []
  let prev: string | null = null
  let reads = 0
  const slow: LogStore = {
    ...log,
    async read(model, n, options) {
      reads += 1
      await new Promise<void>((resolve) => waiting.push(resolve))
      return log.read(model, n, options)
    }
  }
  return {
    states: createModelStates({ log: slow, sources: fixedSources() }),
    reads: () => reads,
    async append(n: number): Promise<void> {
      const writer = { id: 'w', library: 'stemma' }
      const digest = `sha256:${'0'.repeat(64)}` as const
      const data = { version: `1.0.${n}`, sequence: n + 1, digest, sizeBytes: 0, artifactCount: 0, birth: EMPTY_BIRTH, tags: {}, aliases: [] }
      const bytes = encodeEvent({ v: 1, n, prev, commitId: `c${n}`, ts: n + 1, writer, type: 'version.created', data })
      prev = sha256Hex(bytes)
      await log.create('m', n, bytes)
    },
    async settle(): Promise<void> {
      for (let turn = 0; turn < 50; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve))
        for (const resolve of waiting.splice(0)) resolve()
      }
    }
  }
}

it('a load sees every event that was there when it was asked for, also while another is under way', async () => {
  const journal = slowJournal()
  await journal.append(0)
  const first = journal.states.load('m')
  await journal.append(1)
  const second = journal.states.load('m')
  await journal.settle()
  await journal.append(2)
  await first
  expect((await second).state.head.n).toBeGreaterThanOrEqual(1)
  const third = journal.states.load('m')
  await journal.settle()
  expect((await third).state.head.n).toBe(2)
})

it('loads at the same time read each event once', async () => {
  const journal = slowJournal()
  for (const n of [0, 1, 2]) await journal.append(n)
  const loads = Array.from({ length: 10 }, () => journal.states.load('m'))
  await journal.settle()
  for (const known of await Promise.all(loads)) expect(known.state.versions).toHaveLength(3)
  expect(journal.reads()).toBe(3)
})

it('a name without a journal is not remembered', async () => {
  const journal = slowJournal()
  expect((await journal.states.load('nobody')).state.head.n).toBe(-1)
  expect(journal.states.known().size).toBe(0)
})
