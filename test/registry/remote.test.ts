import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer as createNetServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { getModel, getVersion, logModel, models } from '../../src/registry/root-verbs.js'
import { openRegistry } from '../../src/registry/open-registry.js'
import { contextOf } from '../../src/registry/registry-context.js'
import { parseTarget } from '../../src/registry/target.js'
import { createServer, type StemmaServer } from '../../src/server/create-server.js'
import { createToken } from '../../src/server/tokens.js'
import { systemSources, type Sources } from '../../src/util/sources.js'
import { all, errorOf, logSmall, temporaryFolder, testRegistry } from '../support/test-registry.js'

const SECRET = 'stm_SECRET_0123456789abcdef'

/** A server of a registry in memory, and its address. */
async function served(options: Partial<Parameters<typeof createServer>[0]> = {}): Promise<{ server: StemmaServer; url: string }> {
  const server = createServer({ registry: await testRegistry(), port: 0, metrics: false, ...options })
  const url = await server.listen()
  onTestFinished(() => server.close({ graceMs: 0 }))
  return { server, url }
}

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('target', () => {
  it('takes addresses with ports, prefixes and trailing slashes', () => {
    expect(parseTarget('https://registry.example.org')).toEqual({ kind: 'http', baseUrl: 'https://registry.example.org' })
    expect(parseTarget('HTTPS://Registry.Example.org:443/ml/registry//')).toEqual({ kind: 'http', baseUrl: 'https://registry.example.org/ml/registry' })
    expect(parseTarget('http://[::1]:5151/')).toEqual({ kind: 'http', baseUrl: 'http://[::1]:5151' })
  })

  it.each([
    ['127.0.0.1:5251', 'http://127.0.0.1:5251'],
    ['localhost:5251', 'http://localhost:5251'],
    ['[::1]:5251', 'http://[::1]:5251'],
    ['registry.example.org:443', 'https://registry.example.org'],
    ['registry.example.org:8443', 'https://registry.example.org:8443'],
    ['registry:5151', 'https://registry:5151']
  ])('takes %s for no folder, and asks whether %s is meant', async (target, address) => {
    const error = await errorOf(Promise.resolve().then(() => parseTarget(target)))
    expect([error.code, error.hint]).toEqual(['INVALID_INPUT', `Did you mean ${address}? A folder of this name is ./${target}`])
    expect(parseTarget(address)).toEqual({ kind: 'http', baseUrl: address })
    expect(parseTarget(`./${target}`).kind).toBe('local')
  })

  it('leaves folders with a colon in a longer path, and drives, alone', () => {
    for (const target of ['./127.0.0.1:5251', 'data/127.0.0.1:5251', '127.0.0.1:5251/models', '/srv/a:1', 'c:1', '10:99999']) expect(parseTarget(target).kind).toBe('local')
  })

  it.each([`https://user:${SECRET}@host/`, `https://${SECRET}@host/`, `https://host/?token=${SECRET}`, `https://host/#${SECRET}`, `http:${SECRET}@host`, `http://${SECRET}@:99999999/`])(
    'refuses %s without showing what may be secret in it',
    async (target) => {
      const error = await errorOf(Promise.resolve().then(() => parseTarget(target)))
      expect(error.code).toBe('INVALID_INPUT')
      expect(inspect(error)).not.toContain(SECRET)
    }
  )
})

describe('a registry at an address', () => {
  it('that is asked over https and speaks http is refused at opening', async () => {
    const { url } = await served()
    const error = await errorOf(openRegistry(url.replace('http:', 'https:')))
    expect([error.code, error.retryable]).toEqual(['PROTOCOL_ERROR', false])
    expect(error.hint).toContain('may speak plain http')
  })

  it('with /v1 at its end asks to leave that out', async () => {
    const { url } = await served()
    const error = await errorOf(openRegistry(`${url}/v1/`))
    expect([error.code, error.hint]).toEqual(['PROTOCOL_ERROR', 'Leave out /v1 at the end of the address.'])
  })

  it('whose token is revoked ends a watch at the next change, and takes it again when the token is back', async () => {
    const path = join(temporaryFolder(), 'tokens.json')
    const { token, record } = createToken({ name: 'service', scopes: ['read'] })
    const keep = (records: readonly object[]): void => {
      writeFileSync(`${path}.new`, JSON.stringify(records), { mode: 0o600 })
      renameSync(`${path}.new`, path)
    }
    keep([record])
    const store = await testRegistry()
    await logSmall(store, 'm', 'a')
    await store.transitionStage('m@1.0.0', 'production')
    const { url } = await served({ registry: store, tokens: path })
    const registry = await testRegistry(url, { token })
    const watching = registry.watch('m@production')[Symbol.asyncIterator]()
    expect((await watching.next()).value).toMatchObject({ version: '1.0.0' })
    keep([])
    const next = errorOf(watching.next())
    await logSmall(store, 'm', 'b')
    expect(await next).toMatchObject({ code: 'UNAUTHENTICATED', retryable: false })
    expect((await errorOf(registry.getModel('m@production', { fallback: 'last-known-good' }))).code).toBe('UNAUTHENTICATED')
    keep([record])
    const stopping = new AbortController()
    const again = registry.watch('m@production', { signal: stopping.signal })[Symbol.asyncIterator]()
    expect((await again.next()).value).toMatchObject({ version: '1.0.0' })
    const waiting = again.next()
    stopping.abort()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  })

  it.each(['is removed', 'ends'])('whose token %s ends a watch though nothing changes', async (how) => {
    let nowMs = Date.now()
    const sources: Sources = { ...systemSources, now: () => nowMs }
    const { token, record } = createToken({ name: 'service', scopes: ['read'], expires: '1h', sources })
    const path = join(temporaryFolder(), 'tokens.json')
    writeFileSync(path, JSON.stringify([record]), { mode: 0o600 })
    const store = await testRegistry()
    await logSmall(store, 'm', 'a')
    const { url } = await served({ registry: store, tokens: path, sources, limits: { watchCommentMs: 20 } })
    const registry = await testRegistry(url, { token })
    const watching = registry.watch('m')[Symbol.asyncIterator]()
    await watching.next()
    const next = errorOf(watching.next())
    if (how === 'ends') nowMs += 3_600_000
    else {
      writeFileSync(`${path}.new`, '[]', { mode: 0o600 })
      renameSync(`${path}.new`, path)
    }
    const message = how === 'ends' ? `the token service has ended, at ${record.expiresAt ?? ''}` : 'the registry does not know this token'
    expect(await next).toMatchObject({ code: 'UNAUTHENTICATED', retryable: false, message: expect.stringContaining(message) as string })
  })

  it('tells which host its server refuses', async () => {
    const { url } = await served()
    const forwarder = createNetServer((from) => {
      const to = connect({ host: '127.0.0.1', port: Number(new URL(url).port) })
      from.pipe(to).pipe(from)
      for (const socket of [from, to]) socket.on('error', () => undefined)
    })
    await new Promise<void>((resolve) => forwarder.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void forwarder.close())
    const host = `127.0.0.1:${(forwarder.address() as AddressInfo).port}`
    const error = await errorOf(openRegistry(`http://${host}`))
    expect(error).toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining(`(Host: ${host})`) as string, details: { host, status: 421 } })
  })

  it('whose root functions know no options of openRegistry, and are told where they belong', async () => {
    const { url } = await served()
    for (const extra of [{ allowInsecureHttp: true }, { token: 'a' }]) {
      expect((await errorOf(all(models({ registry: url, ...extra })))).message).toContain('models options: unknown field')
      expect((await errorOf(getVersion('m', { registry: url, ...extra }))).message).toContain('getVersion options: unknown field')
      expect((await errorOf(logModel({ name: 'm', artifacts: {} }, { registry: url, ...extra }))).message).toContain('logModel options: unknown field')
    }
    vi.stubEnv('STEMMA_TOKEN', SECRET)
    const error = await errorOf(all(models({ registry: 'http://registry.example.org' })))
    expect(error.hint).toContain("openRegistry('http://registry.example.org', { allowInsecureHttp: true })")
  })

  it('has the verbs of one in a folder', async () => {
    const { url } = await served()
    const registry = await testRegistry(`${url}/`)
    const logged = await logSmall(registry, 'risk/credit-score', 'weights', { metrics: { auc: 0.9 } })
    await registry.transitionStage('risk/credit-score@1.0.0', 'production', { reason: 'first' })
    const loaded = await registry.getModel('risk/credit-score@production')
    expect(Buffer.from(await loaded.read('model.bin')).toString()).toBe('weights')
    expect(loaded).toMatchObject({ stale: false, source: 'registry', version: { digest: logged.digest, stage: 'production' } })
    expect((await all(registry.search({ where: 'metrics.auc >= 0.9 and stage = \'production\'' }))).map(({ version }) => version)).toEqual(['1.0.0'])
    expect((await all(registry.history('risk/credit-score'))).map(({ type }) => type)).toEqual(['created', 'transition'])
    expect((await registry.verify()).ok).toBe(true)
  })

  it('reads the artifacts of a large version from its manifest', async () => {
    const { url } = await served()
    const registry = await testRegistry(url)
    const artifacts = Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`part-${index}.bin`, String(index % 10)]))
    const logged = await registry.logModel({ name: 'large', artifacts, capture: false })
    expect(logged.artifacts).toHaveLength(1_001)
    expect((await registry.getVersion('large')).artifacts).toHaveLength(1_001)
  })

  it('rejects at opening what is wrong with the caller or the address', async () => {
    const { token, record } = createToken({ name: 'ci', scopes: ['read'] })
    const { url } = await served({ tokens: [record] })
    expect(await errorOf(openRegistry(url))).toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(await errorOf(openRegistry(url, { token: SECRET }))).toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(await errorOf(openRegistry(`${url}/elsewhere`, { token }))).toMatchObject({ code: 'PROTOCOL_ERROR' })
    const registry = await testRegistry(url, { token })
    expect(await errorOf(registry.transitionStage('m', 'staging'))).toMatchObject({ code: 'FORBIDDEN' })
  })

  it('takes the token from STEMMA_TOKEN, and shows it nowhere', async () => {
    vi.stubEnv('STEMMA_TOKEN', SECRET)
    const { url } = await served()
    const registry = await testRegistry(url)
    const error = await errorOf(registry.getVersion('nobody'))
    const shown = [registry, contextOf(registry), contextOf(registry).backend, error, error.stack, error.toJSON()]
    for (const value of shown) {
      expect(inspect(value, { depth: 20, showHidden: true })).not.toContain(SECRET)
      expect(JSON.stringify(value)).not.toContain(SECRET)
    }
  })

  it('does not send the token over plain http beyond this machine', async () => {
    const error = await errorOf(openRegistry('http://registry.example.org', { token: SECRET }))
    expect(error.code).toBe('INVALID_INPUT')
    expect(inspect(error)).not.toContain(SECRET)
    expect(await errorOf(openRegistry('https://registry.example.org', { token: `${SECRET}\n` }))).toMatchObject({ code: 'INVALID_INPUT', message: expect.not.stringContaining(SECRET) as string })
    expect(await errorOf(openRegistry('https://registry.example.org', { proxy: `socks://user:${SECRET}@x` }))).toMatchObject({ code: 'INVALID_INPUT', message: expect.not.stringContaining(SECRET) as string })
    expect(await errorOf(openRegistry('https://registry.example.org', { policy: { stages: [] } }))).toMatchObject({ code: 'INVALID_INPUT' })
  })

  it('opens while nothing answers, says so, and works once something does', async () => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const warnings: string[] = []
    const registry = await testRegistry(url, { logger: { warn: (message) => warnings.push(message) } })
    expect(warnings).toEqual([expect.stringContaining('cannot be reached') as string])
    expect(await errorOf(registry.getVersion('m'))).toMatchObject({ code: 'REGISTRY_UNAVAILABLE' })
    const policy = { stages: ['none', 'staging', 'production', 'archived', 'canary'] }
    await served({ registry: await testRegistry('memory:', { policy }), port })
    await logSmall(registry, 'm', 'weights')
    expect((await registry.getVersion('m')).version).toBe('1.0.0')
    expect(registry.policy.stages).toContain('canary')
  })

  it('serves the last known good model within a second when the server is gone', async () => {
    const { server, url } = await served()
    const cache = join(temporaryFolder(), 'cache')
    const warnings: string[] = []
    const { sources, waits } = quickSources()
    const registry = await testRegistry(url, { cache, sources, logger: { warn: (message) => warnings.push(message) } })
    await logSmall(registry, 'm', 'weights')
    await registry.getModel('m')
    await server.close({ graceMs: 0 })

    waits.length = 0
    const loaded = await registry.getModel('m', { fallback: 'last-known-good' })
    // Besides the deadline of capturing the environment, one short wait before the one further attempt.
    expect(waits.filter((wait) => wait < 5_000)).toEqual([expect.toSatisfy((wait: number) => wait <= 400)])
    expect(loaded).toMatchObject({ stale: true, source: 'cache', version: { version: '1.0.0' } })
    expect(warnings.at(-1)).toContain('using m@1.0.0')

    // A process that starts now has the same; also through the root functions.
    const later = await testRegistry(url, { cache })
    expect((await later.getModel('m', { fallback: 'last-known-good' })).stale).toBe(true)
    vi.stubEnv('STEMMA_CACHE', cache)
    expect((await getModel('m', { registry: url, fallback: 'last-known-good' })).stale).toBe(true)
    expect(await errorOf(later.getModel('m'))).toMatchObject({ code: 'REGISTRY_UNAVAILABLE' })
  })

  it('watches on while the server is started anew', async () => {
    const port = await freePort()
    const folder = mkdtempSync(join(tmpdir(), 'stemma-remote-'))
    onTestFinished(() => {
      rmSync(folder, { recursive: true, force: true })
    })
    const first = await served({ registry: folder, port })
    const registry = await testRegistry(first.url, { sources: quickSources().sources })
    await logSmall(registry, 'm', 'one')
    const watching = registry.watch('m@latest')[Symbol.asyncIterator]()
    expect((await watching.next()).value).toMatchObject({ version: '1.0.0' })
    const next = watching.next()
    await first.server.close({ graceMs: 0 })
    await served({ registry: folder, port })
    await logSmall(registry, 'm', 'two')
    expect((await next).value).toMatchObject({ version: '1.0.1' })
    await registry.close()
    expect((await watching.next()).done).toBe(true)
  })
})

/** Sources whose waits are written down and short. */
function quickSources(): { sources: Sources; waits: number[] } {
  const waits: number[] = []
  const sleep: Sources['sleep'] = (delayMs, signal) => {
    waits.push(delayMs)
    return systemSources.sleep(5, signal)
  }
  return { sources: { ...systemSources, sleep }, waits }
}

async function freePort(): Promise<number> {
  const probe = createNetServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}
