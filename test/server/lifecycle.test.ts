import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createServer } from '../../src/server/create-server.js'
import { openRegistry } from '../../src/registry/open-registry.js'
import { all, errorOf, logSmall, temporaryFolder, testRegistry } from '../support/test-registry.js'
import { startServer, tokenFor } from './test-server.js'

describe('a server that stops', () => {
  it('closes a registry that it opened, and none that it was given', async () => {
    const given = await testRegistry()
    const server = createServer({ registry: given, port: 0 })
    await server.listen()
    await server.close()
    await server.close()
    expect(await all(given.models())).toEqual([])
    expect(server.url).toBeUndefined()
    expect((await errorOf(server.listen())).code).toBe('CLOSED')
    const folder = join(temporaryFolder(), 'store')
    await (await openRegistry(folder, { durability: 'none' })).close()
    await using own = createServer({ registry: folder, port: 0 })
    expect(await own.listen()).toBe(own.url)
  })

  it('lets a request that has begun finish, takes no other, and then ends', async () => {
    const { server, port, entries } = await startServer()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const socket = connect({ port, host: '127.0.0.1' })
    await once(socket, 'connect')
    const running = request({ port, host: '127.0.0.1', agent, path: '/v1/search', method: 'POST', headers: { 'content-type': 'application/json', 'content-length': 2 } })
    running.write('{')
    // The server has it when it has answered another one that came later.
    await fetch(`http://127.0.0.1:${port}/healthz`)
    const stopped = server.close({ graceMs: 60_000 })
    socket.write(`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
    running.end('}')
    const reply = await new Promise<{ status: number | undefined; connection: string | undefined }>((resolve) =>
      running.on('response', (incoming) => {
        incoming.resume().on('end', () => {
          resolve({ status: incoming.statusCode, connection: incoming.headers.connection })
        })
      })
    )
    expect(reply).toEqual({ status: 200, connection: 'close' })
    await stopped
    expect(entries.at(-1)).toMatchObject({ route: 'search', status: 200 })
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow()
    agent.destroy()
    socket.destroy()
  })

  it('refuses a request on a connection that is still in use', async () => {
    const { server, port } = await startServer()
    const socket = connect({ port, host: '127.0.0.1' })
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    const head = `Host: 127.0.0.1:${port}\r\n`
    socket.write(`POST /v1/search HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{`)
    await fetch(`http://127.0.0.1:${port}/healthz`)
    const stopped = server.close({ graceMs: 60_000 })
    socket.write(`}GET /readyz HTTP/1.1\r\n${head}\r\n`)
    await once(socket, 'close')
    await stopped
    // The first reply says that the connection closes: the second request was never taken.
    expect(Buffer.concat(chunks).toString().match(/^HTTP\/1\.1 .*$/gm)).toEqual(['HTTP/1.1 200 OK'])
  })

  it('cuts what has not finished when the time of grace is over', async () => {
    const { server, port, entries } = await startServer()
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('error', () => undefined)
    socket.write(`POST /v1/search HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{`)
    await fetch(`http://127.0.0.1:${port}/healthz`)
    const closed = once(socket, 'close')
    await server.close({ graceMs: 1 })
    await closed
    expect(entries.at(-1)).toMatchObject({ route: 'search', aborted: true, status: 0 })
  })

  it('ends streams of changes at once', async () => {
    const { server, registry, url } = await startServer()
    await logSmall(registry, 'm', 'a')
    const reply = await fetch(`${url}/v1/changes?name=m`)
    const stopped = server.close({ graceMs: 60_000 })
    expect(await reply.text()).toBe('event: change\ndata: {"name":"m"}\n\n')
    await stopped
  })
})

it('says which port is taken', async () => {
  const { port, registry } = await startServer()
  const error = await errorOf(createServer({ registry, port }).listen())
  expect([error.code, error.message]).toEqual(['INVALID_INPUT', `cannot listen on 127.0.0.1:${port}: EADDRINUSE`])
})

it('says what to do about an address that is not this machine’s', async () => {
  const { record } = tokenFor('read')
  const error = await errorOf(createServer({ registry: await testRegistry(), host: '203.0.113.1', port: 0, tokens: [record] }).listen())
  expect([error.code, error.hint]).toEqual(['INVALID_INPUT', expect.stringContaining('Choose an address of this machine with --host')])
})

it('holds no port and no store when its start fails', async () => {
  const folder = join(temporaryFolder(), 'store')
  await (await openRegistry(folder, { durability: 'none' })).close()
  let port = 0
  const info = (_message: string, data?: Readonly<Record<string, unknown>>): void => {
    port = Number(data?.['port'])
    throw new Error('the log is full')
  }
  await expect(createServer({ registry: folder, port: 0, logger: { info } }).listen()).rejects.toThrow('the log is full')
  expect(port).toBeGreaterThan(0)
  await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow()
})

it('refuses hosts, and what is served already, before anything is opened', () => {
  for (const options of [{ registry: 'memory:', allowedHosts: ['https://x/'] }, { registry: 'https://registry.example.org' }, { registry: 'mlflow+https://mlflow.example.org' }]) {
    expect(() => createServer(options)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }) as Error)
  }
})

it('names the host that it refuses, cleaned and short, in the reply and in the log', async () => {
  const { send, entries } = await startServer()
  const hosts: [string, string][] = [
    ['registry.example.org', 'registry.example.org'],
    ['a<b>"c', 'a?b??c'],
    ['a'.repeat(300), `${'a'.repeat(128)}…`],
    [`stemma_${'a'.repeat(43)}`, '<hidden>']
  ]
  for (const [host, shown] of hosts) {
    const reply = await send('GET', '/v1/models', { headers: { host } })
    expect([reply.status, reply.json()['error']]).toMatchObject([421, { message: expect.stringContaining(`(Host: ${shown})`) as string, details: { host: shown } }])
    expect(entries.at(-1)).toMatchObject({ status: 421, host: shown })
  }
  expect((await send('GET', '/v1/models')).status).toBe(200)
  expect(entries.at(-1)).not.toHaveProperty('host')
})

it('says that a slash at the end is to be left out', async () => {
  const reply = await (await startServer()).send('GET', '/v1/models/')
  expect([reply.status, reply.code()]).toEqual([404, 'NOT_FOUND'])
  expect(reply.text).toContain('Leave out the slash')
})

it('refuses options that are none', async () => {
  const registry = await testRegistry()
  const given: [object, string][] = [
    [{ registry, allowedHost: [] }, 'Did you mean allowedHosts?'],
    [{ registry: 1 }, 'Pass registry'],
    [{ registry, allowedHosts: ['*.example.org'] }, 'without wildcards'],
    [{ registry, allowedOrigins: ['example.org'] }, 'scheme, host and port'],
    [{ registry, limits: { maxConections: 1 } }, ''],
    [{ registry: {} }, 'Pass the registry itself']
  ]
  for (const [options, hint] of given) {
    const error = await errorOf((async () => createServer({ port: 0, ...options } as Parameters<typeof createServer>[0]).listen())())
    expect(error.code).toBe('INVALID_INPUT')
    expect(error.hint ?? '').toContain(hint)
  }
})

describe('the access log', () => {
  it('has a line of JSON for each request, and no secret', async () => {
    const lines: string[] = []
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(String(chunk))
        done()
      }
    })
    const { server, send } = await startServer({ accessLog: stream })
    const secret = `ghp_${'a1B2'.repeat(10)}`
    const reply = await send('GET', `/v1/version?ref=${secret}`, { token: `stemma_${'a'.repeat(43)}`, headers: { 'x-request-id': 'my-id', 'user-agent': 'curl\t8' } })
    await send('GET', `/v1/${secret}`)
    await send('GET', '/v1/history?name=m&cursor=MTI')
    await server.close()
    const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines.every((line) => line.endsWith('\n'))).toBe(true)
    expect(reply.headers['x-request-id']).toBe('my-id')
    expect(entries[0]).toMatchObject({ requestId: 'my-id', method: 'GET', route: 'version', path: '/v1/version', query: { ref: '<hidden>' }, status: reply.status, aborted: false, userAgent: 'curl\t8' })
    expect(entries[1]).toMatchObject({ path: '<hidden>', status: 404, code: 'NOT_FOUND' })
    expect(entries[2]).toMatchObject({ query: { name: 'm' } })
    expect(entries.every(({ bytesIn, bytesOut, durationMs }) => Number(bytesIn) > 50 && Number(bytesOut) > 50 && Number(durationMs) >= 0)).toBe(true)
    expect(lines.join()).not.toMatch(/ghp_|stemma_/)
  })

  it('is told of requests that were never understood', async () => {
    const { server, raw, entries } = await startServer()
    await raw('nonsense\r\n\r\n')
    await server.close()
    expect(entries).toMatchObject([{ method: '', route: undefined, path: '', status: 400, code: 'INVALID_INPUT' }])
  })
})

it('cuts a connection whose client does not read', async () => {
  const registry = await testRegistry()
  const { digest } = await registry.logModel({ name: 'large', artifacts: { a: Buffer.alloc(32_000_000) }, capture: false }).then(({ artifacts: [first] }) => first ?? { digest: '' })
  const { port, entries } = await startServer({ registry, limits: { stallTimeoutMs: 20 } })
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => undefined)
  socket.pause()
  socket.write(`GET /v1/blobs/${digest} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
  while (entries.length === 0) await new Promise((resolve) => setImmediate(resolve))
  expect(entries[0]).toMatchObject({ route: 'blob', aborted: true })
  socket.destroy()
})
