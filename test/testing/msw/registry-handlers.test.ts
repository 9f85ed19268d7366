import { readdirSync } from 'node:fs'
import { http } from 'msw'
import { setupServer } from 'msw/node'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createToken } from '../../../src/server/tokens.js'
import { createTestRegistry } from '../../../src/testing/create-test-registry.js'
import { onnxModel } from '../../../src/testing/fixtures/onnx-model.js'
import { registryHandlers } from '../../../src/testing/msw/registry-handlers.js'
import { all, errorOf, temporaryFolder, testRegistry } from '../../support/test-registry.js'

const msw = setupServer()

beforeEach(() => {
  msw.listen({ onUnhandledRequest: 'error' })
})
afterEach(() => {
  msw.resetHandlers()
  msw.close()
})

describe('registryHandlers', () => {
  it('answers for a registry as a server does', async () => {
    await using handlers = registryHandlers()
    msw.use(...handlers)
    const client = await testRegistry('https://registry.test')
    const version = await client.logModel({ name: 'credit-score', artifacts: onnxModel(), metrics: { auc: 0.9 } })
    expect(version).toMatchObject({ version: '1.0.0', createdAt: '2026-01-01T00:00:00.000Z', environment: { state: 'unavailable' } })
    await client.transitionStage('credit-score', 'production')
    const model = await client.getModel('credit-score@production')
    expect(await model.read('model.onnx')).toEqual(onnxModel()['model.onnx'])
    expect(await all(client.models())).toHaveLength(1)
    expect(await errorOf(client.getVersion('nobody'))).toMatchObject({ code: 'NOT_FOUND' })
  })

  it('takes the http of msw from whoever cannot require it', async () => {
    const used: unknown[] = []
    const counted = { ...http, all: (...given: Parameters<typeof http.all>) => (used.push(given[0]), http.all(...given)) }
    await using handlers = registryHandlers({ http: counted })
    msw.use(...handlers)
    expect(used).toHaveLength(1)
    const client = await testRegistry('https://registry.test')
    expect(await client.logModel({ name: 'm', artifacts: onnxModel() })).toMatchObject({ version: '1.0.0' })
    expect(() => registryHandlers({ http: { get: 1 } })).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  })

  it('streams large artifacts both ways, and below a path', async () => {
    await using registry = createTestRegistry()
    await using handlers = registryHandlers({ registry, url: 'http://example.org/ml/registry' })
    msw.use(...handlers)
    const client = await testRegistry('http://example.org/ml/registry')
    const bytes = new Uint8Array(9 * 1_048_576).fill(7)
    await client.logModel({ name: 'm', artifacts: { 'model.bin': bytes } })
    expect((await (await client.getModel('m')).read('model.bin')).byteLength).toBe(bytes.byteLength)
    expect(await registry.getVersion('m')).toMatchObject({ sizeBytes: bytes.byteLength })
  })

  it('tells watchers of changes', async () => {
    await using registry = createTestRegistry()
    await using handlers = registryHandlers({ registry })
    msw.use(...handlers)
    const client = await testRegistry('https://registry.test')
    await registry.logModel({ name: 'm', artifacts: onnxModel() })
    const seen: string[] = []
    for await (const version of client.watch('m@latest')) {
      seen.push(version.version)
      if (seen.length === 2) break
      await registry.logModel({ name: 'm', artifacts: onnxModel({ bias: 2 }) })
    }
    expect(seen).toEqual(['1.0.0', '1.0.1'])
  })

  it('knows tokens', async () => {
    const { token, record } = createToken({ name: 'reader', scopes: ['read'] })
    await using handlers = registryHandlers({ tokens: [record] })
    msw.use(...handlers)
    expect(await errorOf(testRegistry('https://registry.test'))).toMatchObject({ code: 'UNAUTHENTICATED' })
    const client = await testRegistry('https://registry.test', { token })
    expect(await errorOf(client.logModel({ name: 'm', artifacts: onnxModel() }))).toMatchObject({ code: 'FORBIDDEN' })
  })

  it.each(['http://[::1]:5151', 'https://registry.test/models(b)/+:id*'])('answers for %s as it is written', async (url) => {
    await using handlers = registryHandlers({ url })
    msw.use(...handlers)
    await using registry = await testRegistry(url)
    await registry.logModel({ name: 'm', artifacts: onnxModel() })
    expect(await all(registry.models())).toMatchObject([{ name: 'm' }])
  })

  it('refuses what it cannot serve, and leaves nothing behind', () => {
    const folder = temporaryFolder()
    vi.stubEnv('TMPDIR', folder)
    const wrong: object[] = [{ url: 'nowhere' }, { url: 'https://:secret@registry.test' }, { url: 'https://registry.test?a' }, { limits: 5 }, { registry: {} }, { registri: 1 }]
    for (const options of wrong) expect(() => registryHandlers(options), JSON.stringify(options)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    vi.unstubAllEnvs()
    expect(readdirSync(folder)).toEqual([])
  })
})
