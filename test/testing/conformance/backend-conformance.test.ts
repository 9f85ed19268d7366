import { AssertionError } from 'node:assert'
import { describe, expect, it } from 'vitest'
import type { Backend } from '../../../src/backends/backend.js'
import { createMemoryBackend } from '../../../src/backends/memory/create-memory-backend.js'
import { StemmaError } from '../../../src/errors/stemma-error.js'
import { backendConformance, conformanceFor } from '../../../src/testing/conformance/backend-conformance.js'

/** Backends that break one promise each, and a case that finds it. */
const BROKEN: Readonly<Record<string, (backend: Backend) => Partial<Backend>>> = {
  'blobs/order': (backend) => ({ putBlobs: async (sources, options) => (await backend.putBlobs(sources, options)).toReversed() }),
  'blobs/existed': (backend) => ({ putBlobs: async (sources, options) => (await backend.putBlobs(sources, options)).map((blob) => ({ ...blob, existed: false })) }),
  'stages/expected-current': (backend) => ({ transition: (request, options) => backend.transition({ ...request, expectedCurrent: undefined }, options) }),
  'versions/listing': (backend) => ({
    async *versions(name, options) {
      yield* backend.versions(name, { ...options, includeDeleted: true })
    }
  }),
  'operations/create': (backend) => ({ createVersion: (request, { actor }) => backend.createVersion(request, { actor }) }),
  'close/refuses': () => ({ close: () => Promise.resolve() })
}

describe('backendConformance', () => {
  it('is data: named cases, each with its promise', () => {
    expect(backendConformance.length).toBeGreaterThan(80)
    for (const { name, promise } of backendConformance) {
      expect(name).toMatch(/^[a-z]+\/[a-z-]+$/)
      expect(promise).not.toBe('')
    }
  })

  it('has the cases of a backend by what it can do', () => {
    const { capabilities } = createMemoryBackend()
    const names = (changed: object) => conformanceFor({ ...capabilities, ...changed }).map(({ name }) => name)
    expect(names({})).toContain('garbage/keeps')
    expect(names({})).not.toContain('garbage/unsupported')
    expect(names({ garbageCollection: false })).toContain('garbage/unsupported')
    expect(names({ garbageCollection: false })).not.toContain('garbage/keeps')
  })

  it('fails a backend that lacks what a case needs, in place of passing it', async () => {
    const one = backendConformance.find(({ name }) => name === 'garbage/unsupported')
    await expect(one?.run(() => createMemoryBackend())).rejects.toThrow('garbageCollection')
  })

  it.each(Object.keys(BROKEN))('finds what is broken: %s', async (name) => {
    const one = backendConformance.find((known) => known.name === name)
    if (!one) throw new Error(`no such case: ${backendConformance.map((known) => known.name).join(' ')}`)
    await one.run(() => createMemoryBackend())
    const failure: unknown = await one
      .run(() => {
        const backend = createMemoryBackend()
        return { ...backend, ...BROKEN[name]?.(backend) }
      })
      .then(
        () => undefined,
        (error: unknown) => error
      )
    expect(failure instanceof AssertionError || failure instanceof StemmaError).toBe(true)
  })
})
