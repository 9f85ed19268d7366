import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { contextOf } from '../../src/registry/registry-context.js'
import type { Registry } from '../../src/registry/registry.js'
import { routeNames } from '../../src/server/router.js'
import { createHandlers } from '../../src/server/handlers.js'
import { manifestSchema } from '../../src/schemas/artifact.js'
import { canonicalJson } from '../../src/util/canonical-json.js'
import { registryInfoSchema, versionPageSchema, wireVersionSchema } from '../../src/wire/messages.js'
import { ROUTES } from '../../src/wire/routes.js'
import { describeApi } from '../../src/wire/openapi.js'
import { all, logSmall, temporaryFolder, testRegistry } from '../support/test-registry.js'
import { startServer, type TestServer } from './test-server.js'

async function withModels(): Promise<TestServer> {
  const registry = await testRegistry()
  for (const [index, auc] of [0.7, 0.9, 0.8, 0.6, 0.95].entries()) await logSmall(registry, 'm', `bytes ${index}`, { metrics: { auc }, tags: { part: index % 2 === 0 ? 'even' : 'odd' } })
  await logSmall(registry, 'ns/other', 'other')
  return startServer({ registry })
}

const pageSchema = z.object({ items: z.array(z.unknown()), next: z.string().nullable() })

/** All pages of a route, joined. */
async function joined({ send }: TestServer, path: string): Promise<unknown[]> {
  const items: unknown[] = []
  let cursor: string | null | undefined
  for (let page = 0; cursor !== null && page < 50; page += 1) {
    const reply = await send('GET', cursor === undefined ? path : `${path}&cursor=${cursor}`)
    expect(reply.status).toBe(200)
    const found = pageSchema.parse(reply.json())
    items.push(...found.items)
    cursor = found.next
  }
  return items
}

describe('routes that read', () => {
  it('tell what the registry can do, and what the caller may', async () => {
    const { send } = await startServer()
    const info = registryInfoSchema.parse((await send('GET', '/v1/registry')).json())
    expect(info.scopes).toEqual(['read', 'write', 'promote', 'admin'])
    expect(info.capabilities).not.toHaveProperty('localFiles')
  })

  it('answer as the verbs do', async () => {
    const server = await withModels()
    const { send, registry } = server
    const get = async (path: string): Promise<unknown> => (await send('GET', path)).json()
    expect(await get('/v1/version?ref=m%402')).toMatchObject({ error: { code: 'NOT_FOUND' } })
    expect(wireVersionSchema.parse(await get('/v1/version?ref=m@1.0.1'))).toEqual(await registry.getVersion('m@1.0.1'))
    expect(await get('/v1/lineage?ref=m&direction=ancestors&maxHops=2')).toEqual(await registry.lineage('m', { direction: 'ancestors', maxHops: 2 }))
    expect(await get('/v1/lineage?ref=m&commit=abcdef1')).toMatchObject({ error: { code: 'INVALID_INPUT' } })
    expect(await get('/v1/commit?name=m&commitId=none')).toEqual({ n: null })
    expect(await get('/v1/history?ref=m@1.0.1')).toEqual({ items: await all(registry.history('m@1.0.1')), next: null })
    expect(await get('/v1/history?name=m&ref=m')).toMatchObject({ error: { code: 'INVALID_INPUT' } })
  })

  it('give pages that joined are the whole', async () => {
    const server = await withModels()
    const { registry } = server
    expect(await joined(server, '/v1/models?limit=1')).toEqual(await all(registry.models()))
    expect(await joined(server, '/v1/versions?name=m&limit=2')).toEqual(await all(registry.versions('m')))
    expect(await joined(server, '/v1/history?name=m&limit=2')).toEqual(await all(registry.history('m')))
    expect((await server.send('GET', '/v1/models?cursor=%7B')).code()).toBe('INVALID_INPUT')
    expect((await server.send('GET', '/v1/versions?name=m&cursor=ImEi')).code()).toBe('INVALID_INPUT')
  })

  it('give pages of a search up to its limit, for the same query only', async () => {
    const { send, registry } = await withModels()
    const query = { where: { 'metrics.auc': { gte: 0.65 } }, orderBy: 'metrics.auc desc', limit: 3, pageSize: 2 }
    const first = versionPageSchema.parse((await send('POST', '/v1/search', { body: query })).json())
    const second = versionPageSchema.parse((await send('POST', '/v1/search', { body: { ...query, cursor: first.next } })).json())
    expect([...first.items, ...second.items]).toEqual(await all(registry.search({ where: { 'metrics.auc': { gte: 0.65 } }, orderBy: 'metrics.auc desc', limit: 3 })))
    expect([first.items.length, second.items.length, second.next]).toEqual([2, 1, null])
    expect((await send('POST', '/v1/search', { body: { ...query, limit: 4, cursor: first.next } })).code()).toBe('INVALID_INPUT')
    expect((await send('POST', '/v1/search', { body: { where: 'auc >' } })).code()).toBe('INVALID_QUERY')
  })

  it('end a page at 4 MiB', async () => {
    const registry = await testRegistry()
    for (let index = 0; index < 24; index += 1) await logSmall(registry, 'wide', String(index), { params: { text: 'a b '.repeat(60_000) } })
    const server = await startServer({ registry })
    const { items, next } = versionPageSchema.parse((await server.send('GET', '/v1/versions?name=wide')).json())
    expect(items.length).toBeGreaterThan(10)
    expect(items.length).toBeLessThan(20)
    expect(next).not.toBeNull()
  })

  it('leave many artifacts to the manifest', async () => {
    const registry = await testRegistry()
    const artifacts = Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`part-${index}`, 'same']))
    const { digest } = await registry.logModel({ name: 'many', artifacts, capture: false })
    const server = await startServer({ registry })
    const version = wireVersionSchema.parse((await server.send('GET', '/v1/version?ref=many')).json())
    expect([version.artifacts, version.artifactCount]).toEqual([undefined, 1_001])
    const blob = await server.send('GET', `/v1/blobs/${digest}`)
    expect(manifestSchema.parse(blob.json()).artifacts).toHaveLength(1_001)
  })
})

describe('routes that change', () => {
  it('answer a repeated request with the first result', async () => {
    const { send, registry } = await withModels()
    const move = { body: { reference: 'm@1.0.1', stage: 'production', expectedCurrent: null }, headers: { 'idempotency-key': 'once' } }
    const first = await send('POST', '/v1/transitions', move)
    const again = await send('POST', '/v1/transitions', move)
    expect([first.status, again.json()]).toEqual([200, first.json()])
    const other = await send('POST', '/v1/transitions', { ...move, headers: {} })
    expect([other.status, other.code()]).toEqual([409, 'CONFLICT'])
    expect(await all(registry.history('m'))).toHaveLength(6)
  })

  it('change metadata, delete, roll back', async () => {
    const { send, registry } = await withModels()
    expect((await send('POST', '/v1/metadata', { body: { reference: 'm', tags: { part: null, owner: 'risk' }, aliases: ['champion'] } })).json()).toMatchObject({ tags: { owner: 'risk' }, aliases: ['champion'] })
    expect((await send('POST', '/v1/metadata', { body: { reference: 'm', tags: { a: `ghp_${'a1B2'.repeat(10)}` } } })).code()).toBe('SECRET_IN_METADATA')
    expect((await send('POST', '/v1/deletions', { body: { reference: 'm@1.0.0', reason: 'withdrawn' } })).json()).toMatchObject({ deleted: { reason: 'withdrawn' } })
    for (const version of ['1.0.1', '1.0.2']) await registry.transitionStage(`m@${version}`, 'production')
    expect((await send('POST', '/v1/rollbacks', { body: { name: 'm', reason: 'slow' } })).json()).toMatchObject({ version: '1.0.1', stage: 'production' })
  })

  it('tell the progress of long work as events, and its end', async () => {
    const { url, registry } = await withModels()
    for (const version of ['1.0.1', '1.0.2']) await registry.transitionStage(`m@${version}`, 'production')
    const ask = async (path: string, body: object): Promise<string[]> => {
      const reply = await fetch(`${url}${path}`, { method: 'POST', headers: { accept: 'text/event-stream', 'content-type': 'application/json' }, body: JSON.stringify(body) })
      expect(reply.headers.get('content-type')).toBe('text/event-stream')
      return (await reply.text()).match(/^event: .*$/gm) ?? []
    }
    expect((await ask('/v1/verifications', {})).at(-1)).toBe('event: result')
    expect((await ask('/v1/rollbacks', { name: 'm' })).at(-1)).toBe('event: result')
    expect(await ask('/v1/rollbacks', { name: 'nobody' })).toEqual(['event: error'])
    expect(await ask('/v1/garbage', { dryRun: true })).toEqual(['event: result'])
  })
})

describe('changes', () => {
  it('give an event at the start and after every change, and a comment now and then', async () => {
    const { url, registry, server } = await startServer({ limits: { watchCommentMs: 1 } })
    await logSmall(registry, 'm', 'a')
    const reply = await fetch(`${url}/v1/changes?name=m`)
    let text = ''
    const read = (async () => {
      for await (const chunk of reply.body ?? []) text += Buffer.from(chunk).toString()
    })()
    const until = async (pattern: RegExp): Promise<void> => {
      while (!pattern.test(text)) await new Promise((resolve) => setImmediate(resolve))
    }
    await until(/event: change/)
    await registry.transitionStage('m', 'staging')
    await until(/event: change[^]*event: change/)
    await until(/: still here/)
    await server.close()
    await read
  })

  it('end when the client goes away', async () => {
    const { url, registry, send, entries } = await startServer()
    await logSmall(registry, 'm', 'a')
    const leaving = new AbortController()
    await fetch(`${url}/v1/changes?name=m`, { signal: leaving.signal })
    expect((await send('GET', '/metrics')).text).toContain('\nstemma_watchers 1\n')
    leaving.abort()
    while (!entries.some(({ route }) => route === 'changes')) await new Promise((resolve) => setImmediate(resolve))
    expect((await send('GET', '/metrics')).text).toContain('\nstemma_watchers 0\n')
  })

  it('refuse a name that is none with a status', async () => {
    const { send } = await startServer()
    expect((await send('GET', '/v1/changes?name=a%20b')).code()).toBe('INVALID_NAME')
  })
})

describe('routes for operators', () => {
  it('say whether the store can be read', async () => {
    const { rmSync } = await import('node:fs')
    const folder = temporaryFolder()
    const registry = await testRegistry(folder)
    const { send } = await startServer({ registry })
    expect([(await send('GET', '/healthz')).text, (await send('GET', '/readyz')).text]).toEqual(['ok\n', 'ready\n'])
    rmSync(folder, { recursive: true })
    const { send: later } = await startServer({ registry })
    const reply = await later('GET', '/readyz')
    expect([reply.status, reply.code(), reply.text.includes(folder)]).toEqual([503, 'REGISTRY_UNAVAILABLE', false])
    expect((await later('GET', '/healthz')).status).toBe(200)
    // What is wrong with the store is told without its place on the disk.
    const failed = await later('GET', '/v1/versions?name=m')
    expect([failed.status >= 400, failed.text.includes(folder)]).toEqual([true, false])
  })

  it('show figures', async () => {
    const { send } = await startServer()
    await send('GET', '/v1/models')
    await send('GET', '/nowhere')
    const { text, headers } = await send('GET', '/metrics')
    expect(headers['content-type']).toContain('text/plain; version=')
    expect(text).toContain('stemma_http_requests_total{route="models",method="GET",status="200"} 1')
    expect(text).toContain('stemma_http_requests_total{route="none",method="other",status="404"} 1')
    expect(text).toMatch(/stemma_http_received_bytes_total [1-9]/)
    expect((await (await startServer({ metrics: false })).send('GET', '/metrics')).code()).toBe('UNSUPPORTED')
  })

  it('describe the protocol', async () => {
    const { send } = await startServer()
    expect((await send('GET', '/openapi.json')).text).toBe(JSON.stringify(describeApi()))
  })
})

it('has a handler for every route, and no other', async () => {
  const registry: Registry = await testRegistry()
  const nobody = (): Promise<void> => Promise.resolve()
  const bytes = { keepBlobs: nobody, putBlobs: nobody, blob: nobody, blobSize: nobody, startUpload: nobody, uploadOffset: nobody, uploadChunk: nobody, finishUpload: nobody, cancelUpload: nobody, publish: nobody }
  const context = { ...contextOf(registry), registry, limits: (await import('../../src/server/limits.js')).DEFAULT_LIMITS, closing: new AbortController().signal }
  const handlers = createHandlers(context, { bytes: { handlers: bytes, openUploads: () => 0, close: nobody }, watchers: { take: () => () => undefined, count: () => 0 }, metrics: undefined, tokens: () => Promise.resolve(undefined) })
  expect(Object.keys(handlers).sort()).toEqual(routeNames().sort())
  expect(routeNames().sort()).toEqual(Object.keys(ROUTES).sort())
  expect(canonicalJson(describeApi())).toContain('"openapi":"3.1.0"')
})

it('refuses bodies with very many parts before it does work for each', async () => {
  const { send, told } = await startServer()
  const many = Object.fromEntries(Array.from({ length: 150_000 }, (_, index) => [`k${index}`, 1]))
  const wrong = Array.from({ length: 90_000 }, () => 1)
  const digest = `sha256:${'0'.repeat(64)}`
  const version = { name: 'm', manifest: digest, version: { exact: '1.0.0' }, aliases: [] }
  const bodies: [string, object][] = [
    ['/v1/metadata', { reference: 'm', tags: many }],
    ['/v1/versions', { ...version, birth: { params: many }, tags: {} }],
    ['/v1/versions', { ...version, birth: {}, tags: many }],
    ['/v1/versions', { ...version, birth: { datasets: wrong, evaluations: wrong, derivedFrom: wrong }, tags: {} }],
    ['/v1/search', { where: { or: [...wrong, ...wrong] } }]
  ]
  for (const [path, body] of bodies) {
    const reply = await send('POST', path, { body })
    expect([reply.status, reply.code()]).toEqual([400, 'INVALID_INPUT'])
  }
  expect(told.filter((message) => message.includes('unexpectedly'))).toEqual([])
})

it('gives every reply the headers that keep browsers out', async () => {
  const server = await withModels()
  for (const path of ['/v1/models', '/v1/version?ref=nobody', '/healthz', '/nowhere', '/openapi.json']) {
    const { headers } = await server.send('GET', path)
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store', 'content-security-policy': expect.stringContaining('sandbox') as string })
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  }
})
