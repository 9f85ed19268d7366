import { closeSync, fsyncSync, openSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { syncAll } from '../../src/io/descriptor.js'
import { createFlush, type Flush, type FlushPlaces } from '../../src/io/flush.js'
import { systemSources } from '../../src/util/sources.js'

let clockMs = 0
/** How long the flushes to come take. */
let tookMs = 0
let turns: ('here' | 'pool')[] = []
let folder: number

const note = (turn: 'here' | 'pool'): void => {
  turns.push(turn)
  clockMs += tookMs
}
const places: FlushPlaces = {
  here: (fd) => {
    note('here')
    fsyncSync(fd)
  },
  inPool: (fd) => {
    note('pool')
    return syncAll(fd)
  }
}
const flushOf = (): Flush => createFlush({ monotonicNow: () => clockMs }, places)

/** Flushes so many times, one after the other, and tells how many of them were done in this thread. */
async function count(flush: Flush, times: number): Promise<number> {
  turns = []
  for (let turn = 0; turn < times; turn += 1) await flush(folder, 'all')
  expect(turns).toHaveLength(times)
  return turns.filter((turn) => turn === 'here').length
}

beforeEach(() => {
  turns = []
  tookMs = 0
  folder = openSync('.', 'r')
})
afterEach(() => {
  closeSync(folder)
})

describe('flush', () => {
  it('is done in this thread while that is quick', async () => {
    const flush = flushOf()
    tookMs = 4
    expect(await count(flush, 50)).toBe(50)
  })

  it('goes to the pool for a while after one that was slow, longer each time', async () => {
    const flush = flushOf()
    tookMs = 5
    expect(await count(flush, 1)).toBe(1)
    tookMs = 1
    expect(await count(flush, 16)).toBe(0)
    tookMs = 5
    expect(await count(flush, 1)).toBe(1)
    tookMs = 1
    expect(await count(flush, 32)).toBe(0)
    expect(await count(flush, 100)).toBe(100)
  })

  it('stays in the pool as long as the disk is slow', async () => {
    const flush = flushOf()
    tookMs = 50
    expect(await count(flush, 500)).toBe(1)
    tookMs = 1
    expect(await count(flush, 17)).toBe(1)
  })

  it('goes to the pool when several come at once, and while one is there', async () => {
    const flush = flushOf()
    await Promise.all([flush(folder, 'all'), flush(folder, 'all'), flush(folder, 'all')])
    expect(turns).toEqual(['pool', 'pool', 'pool'])
    await flush(folder, 'all')
    expect(turns.at(-1)).toBe('here')
  })

  it('lets the event loop have its turn before each', async () => {
    const flush = flushOf()
    let others = 0
    const other = setInterval(() => (others += 1), 0)
    tookMs = 0
    while (others < 3) await flush(folder, 'all')
    clearInterval(other)
    expect(turns.every((turn) => turn === 'here')).toBe(true)
  })

  it('rejects with the error of the system wherever it is done', async () => {
    const flush = flushOf()
    await expect(flush(1_000_000, 'all')).rejects.toMatchObject({ code: 'EBADF', syscall: 'fsync' })
    const results = await Promise.allSettled([flush(1_000_000, 'all'), flush(folder, 'all')])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
    expect(turns).toEqual(['here', 'pool', 'pool'])
    await flush(folder, 'all')
    expect(turns.at(-1)).toBe('here')
  })

  it('flushes real files and folders', async () => {
    const flush = createFlush(systemSources)
    const file = openSync(import.meta.filename, 'r')
    await flush(file, 'content')
    await Promise.all([flush(file, 'content'), flush(folder, 'all')])
    closeSync(file)
    await expect(flush(file, 'content')).rejects.toMatchObject({ code: 'EBADF', syscall: 'fdatasync' })
  })
})
