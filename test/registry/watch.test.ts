import { describe, expect, it, onTestFinished } from 'vitest'
import type { Backend } from '../../src/backends/backend.js'
import { createMemoryBackend } from '../../src/backends/memory/create-memory-backend.js'
import type { ErrorCode } from '../../src/errors/codes.js'
import { StemmaError } from '../../src/errors/stemma-error.js'
import { createRegistry } from '../../src/registry/create-registry.js'
import type { Registry } from '../../src/registry/registry.js'
import type { Sources } from '../../src/util/sources.js'
import { fixedSources } from '../support/fixed-sources.js'
import { all, errorOf, logSmall, temporaryFolder } from '../support/test-registry.js'

interface Watched {
  registry: Registry
  warnings: string[]
  delaysMs: number[]
  /** Codes of the errors that the next looks at the model end with, first from `changes`, then from `resolve`. */
  failing: { changes: ErrorCode[]; resolve: ErrorCode[] }
}

/** A registry in memory with a model that is live, whose backend fails when told to. */
async function watched(sleep?: Sources['sleep']): Promise<Watched> {
  const warnings: string[] = []
  const delaysMs: number[] = []
  const failing: Watched['failing'] = { changes: [], resolve: [] }
  const fail = (codes: ErrorCode[]): void => {
    const code = codes.shift()
    if (code !== undefined) throw new StemmaError(code, `the registry said ${code}`)
  }
  const fixed = fixedSources()
  let isSetUp = false
  const sources: Sources = {
    ...fixed,
    sleep: (delayMs, signal) => {
      if (!isSetUp) return fixed.sleep(delayMs, signal)
      delaysMs.push(delayMs)
      return (sleep ?? fixed.sleep)(delayMs, signal)
    }
  }
  const memory = createMemoryBackend()
  const backend: Backend = {
    ...memory,
    async *changes(name, options) {
      for await (const change of memory.changes(name, options)) {
        fail(failing.changes)
        yield change
      }
    },
    async resolve(reference, options) {
      fail(failing.resolve)
      return memory.resolve(reference, options)
    }
  }
  const registry = createRegistry(backend, { cache: temporaryFolder(), logger: { warn: (message) => warnings.push(message) }, sources })
  onTestFinished(() => registry.close())
  await logSmall(registry, 'm', 'a')
  await logSmall(registry, 'm', 'b')
  await registry.transitionStage('m#1', 'production')
  isSetUp = true
  return { registry, warnings, delaysMs, failing }
}

describe('a watch outlasts errors that may pass', () => {
  it('from its first look on, with growing waits, each told to the logger', async () => {
    const { registry, warnings, delaysMs, failing } = await watched()
    failing.changes.push('REGISTRY_UNAVAILABLE', 'IO', 'LOG_GAP', 'IO', 'IO', 'IO')
    failing.resolve.push('IO')
    for await (const { version } of registry.watch('m@production')) {
      expect(version).toBe('1.0.0')
      break
    }
    expect(delaysMs).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    expect(warnings[0]).toBe('watch m@production: the registry said REGISTRY_UNAVAILABLE; trying again in 1 s')
    expect(warnings).toHaveLength(7)
  })

  it('yields what changed meanwhile, once, and begins again with short waits', async () => {
    const { registry, delaysMs, failing } = await watched()
    const seen: string[] = []
    for await (const { version } of registry.watch('m@production')) {
      seen.push(version)
      if (seen.length === 3) break
      failing.changes.push('IO', 'IO')
      await (seen.length === 1 ? registry.transitionStage('m#2', 'production') : registry.rollback('m'))
    }
    expect(seen).toEqual(['1.0.0', '1.0.1', '1.0.0'])
    expect(delaysMs).toEqual([1_000, 2_000, 1_000, 2_000])
  })
})

describe('a watch ends', () => {
  it.each<ErrorCode>(['ACCESS_DENIED', 'LOG_CORRUPT', 'FORMAT_TOO_NEW'])('with %s', async (code) => {
    const { registry, delaysMs, failing } = await watched()
    failing.changes.push(code)
    expect((await errorOf(all(registry.watch('m@production')))).code).toBe(code)
    expect(delaysMs).toEqual([])
  })

  it('by its signal while it waits, with its reason', async () => {
    const reason = new Error('enough')
    const controller = new AbortController()
    const { registry, failing } = await watched((_delayMs, signal) => {
      controller.abort(reason)
      return Promise.reject(signal?.reason as Error)
    })
    failing.changes.push('IO')
    await expect(all(registry.watch('m@production', { signal: controller.signal }))).rejects.toBe(reason)
  })

  it('by close while it waits, without an error', async () => {
    const setUp = await watched((_delayMs, signal) => {
      void setUp.registry.close()
      return Promise.reject(signal?.reason as Error)
    })
    setUp.failing.changes.push('IO')
    expect(await all(setUp.registry.watch('m@production'))).toEqual([])
  })
})
