import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { createMemoryBackend } from '../../../src/backends/memory/create-memory-backend.js'
import { createRegistry } from '../../../src/registry/create-registry.js'
import { logVersions } from '../../../src/testing/builders/log-versions.js'
import { createTestRegistry } from '../../../src/testing/create-test-registry.js'
import type { Fault } from '../../../src/testing/faults/fault.js'
import { injectFaults } from '../../../src/testing/faults/inject-faults.js'
import { onnxModel } from '../../../src/testing/fixtures/onnx-model.js'
import { all, errorOf, temporaryFolder } from '../../support/test-registry.js'

const input = { name: 'm', artifacts: onnxModel(), capture: false } as const

describe('injectFaults', () => {
  it('fails the n-th call, with a code or an error, and no other', async () => {
    const own = new Error('own')
    const faults: Fault[] = [{ method: 'createVersion', call: 2, fail: 'NO_SPACE' }, { method: 'resolve', fail: own }]
    await using registry = createTestRegistry({ faults })
    await registry.logModel(input)
    expect(await errorOf(registry.logModel(input))).toMatchObject({ code: 'NO_SPACE', retryable: true })
    await registry.logModel(input)
    await expect(registry.getVersion('m')).rejects.toBe(own)
    expect(await registry.getVersion('m')).toMatchObject({ sequence: 2 })
  })

  it('fails after all was done, as a lost reply does', async () => {
    await using registry = createTestRegistry({ faults: [{ method: 'transition', failAfter: 'REGISTRY_UNAVAILABLE' }] })
    await registry.logModel(input)
    expect(await errorOf(registry.transitionStage('m', 'production'))).toMatchObject({ code: 'REGISTRY_UNAVAILABLE' })
    expect(await registry.getVersion('m@production')).toMatchObject({ version: '1.0.0' })
  })

  it('gives other bytes than were stored, which getModel refuses', async () => {
    const faults: Fault[] = []
    await using registry = createTestRegistry({ faults })
    await registry.logModel(input)
    faults.push({ method: 'openBlob', call: 'every', corrupt: 3 })
    expect(await errorOf(registry.getModel('m'))).toMatchObject({ code: 'DIGEST_MISMATCH' })
    faults.pop()
    expect(await (await registry.getModel('m')).read('model.onnx')).toEqual(onnxModel()['model.onnx'])
  })

  it('cuts what is read, after which getModel goes on where it was', async () => {
    const faults: Fault[] = []
    await using registry = createTestRegistry({ faults })
    await registry.logModel(input)
    faults.push({ method: 'openBlob', call: 'every', cut: 0 })
    expect(await errorOf(registry.getModel('m'))).toMatchObject({ code: 'DIGEST_MISMATCH' })
    faults.splice(0, 1, { method: 'openBlob', call: 'every', cut: 100 })
    expect(await (await registry.getModel('m')).read('model.onnx')).toEqual(onnxModel()['model.onnx'])
  })

  it('delays until it is let go, or the call is aborted', async () => {
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => { release = resolve })
    await using registry = createTestRegistry({ faults: [{ method: 'resolve', delay: held }, { method: 'resolve', call: 2, delay: new Promise(() => undefined) }] })
    await registry.logModel(input)
    let answered = false
    const asked = registry.getVersion('m').finally(() => { answered = true })
    await registry.versions('m')[Symbol.asyncIterator]().next()
    expect(answered).toBe(false)
    release()
    expect(await asked).toMatchObject({ version: '1.0.0' })
    const controller = new AbortController()
    const aborted = registry.getVersion('m', { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(aborted).rejects.toThrow('enough')
  })

  it('waits by the clock of the registry, where an hour passes at once', async () => {
    await using registry = createTestRegistry({ faults: [{ method: 'resolve', delay: 3_600_000 }] })
    await registry.logModel(input)
    expect(await registry.getVersion('m')).toMatchObject({ version: '1.0.0' })
  })

  it('leaves no listener behind on the signal of a call', async () => {
    await using registry = createTestRegistry({ faults: [{ method: 'resolve', call: 'every', delay: Promise.resolve() }] })
    await registry.logModel(input)
    const { signal } = new AbortController()
    for (let call = 0; call < 3; call++) await registry.getVersion('m', { signal })
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('refuses a plan with what could never strike, also what is added to it', async () => {
    const wrong: object[] = [
      { method: 'createVersions', fail: 'IO' },
      { method: 'createVersion', fail: 'NOPE' },
      { method: 'createVersion', failAfter: 5 },
      { method: 'createVersion' },
      { method: 'createVersion', fails: 'IO' },
      { method: 'createVersion', call: 0, fail: 'IO' },
      { method: 'createVersion', cut: 1 },
      { method: 'openBlob', corrupt: -1 },
      { method: 'openBlob', delay: -1 }
    ]
    const isFault = (value: object): value is Fault => 'method' in value
    for (const fault of wrong.filter(isFault)) {
      expect(() => injectFaults(createMemoryBackend(), [fault]), JSON.stringify(fault)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    }
    const plan: Fault[] = []
    const backend = injectFaults(createMemoryBackend(), plan)
    plan.push(...wrong.filter(isFault))
    await expect(all(backend.models({}))).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  it('breaks a listing, and tells what has struck', async () => {
    const fault: Fault = { method: 'versions', call: 'every', failAfter: 'IO' }
    const backend = injectFaults(createMemoryBackend(), [fault, { method: 'search', fail: 'IO' }])
    await using registry = createRegistry(backend, { cache: temporaryFolder() })
    await logVersions(registry, 'm', 2)
    const seen: string[] = []
    await expect((async () => { for await (const { version } of registry.versions('m')) seen.push(version) })()).rejects.toMatchObject({ code: 'IO' })
    expect(seen).toEqual(['1.0.1', '1.0.0'])
    expect(backend.struck).toEqual([fault])
  })

  it('is the backend itself where nothing is planned', async () => {
    const inner = createMemoryBackend()
    const backend = injectFaults(inner, [])
    expect(Object.keys(backend).sort()).toEqual([...Object.keys(inner), 'struck'].sort())
    await backend.close()
    await expect(all(inner.models({}))).rejects.toMatchObject({ code: 'CLOSED' })
  })
})
