import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { AccessEntry } from '../../src/server/access-log.js'
import { startServer, type TestServer } from './test-server.js'
import { untouchableRegistry } from './untouchable-backend.js'

const JSON_TYPE = 'Content-Type: application/json\r\n'
const body = '{"name":"m"}'

interface Attack {
  name: string
  /** `HOST` is replaced by the right value of the Host header. */
  bytes: string
  /** Statuses of the replies, all of them. */
  statuses: readonly number[]
}

const get = (path: string, headers = 'Host: HOST\r\n'): string => `GET ${path} HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`
const post = (headers: string, sent: string): string => `POST /v1/search HTTP/1.1\r\nHost: HOST\r\n${JSON_TYPE}${headers}\r\n${sent}`
/** A request whose headers are right and whose body is not. */
const postJson = (sent: string): string => post(`Connection: close\r\nContent-Length: ${sent.length}\r\n`, sent)
const SMUGGLED = `GET /v1/models HTTP/1.1\r\nHost: HOST\r\n\r\n`

const ATTACKS: readonly Attack[] = [
  // Two readings of where a request ends.
  { name: 'Content-Length and Transfer-Encoding', bytes: post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${SMUGGLED}`), statuses: [400] },
  { name: 'Transfer-Encoding and Content-Length', bytes: post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', `0\r\n\r\n${SMUGGLED}`), statuses: [400] },
  { name: 'two Content-Lengths', bytes: post('Content-Length: 12\r\nContent-Length: 2\r\n', `${body}${SMUGGLED}`), statuses: [400] },
  { name: 'two equal Content-Lengths', bytes: post('Content-Length: 12\r\nContent-Length: 12\r\n', body), statuses: [400] },
  { name: 'a list of Content-Lengths', bytes: post('Content-Length: 12, 12\r\n', body), statuses: [400] },
  { name: 'a signed Content-Length', bytes: post('Content-Length: +12\r\n', body), statuses: [400] },
  { name: 'a Content-Length that is no number', bytes: post('Content-Length: 0x0c\r\n', body), statuses: [400] },
  { name: 'white space before the colon', bytes: post('Content-Length : 12\r\n', body), statuses: [400] },
  { name: 'an unknown Transfer-Encoding', bytes: post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${SMUGGLED}`), statuses: [400] },
  { name: 'chunked that is not the last encoding', bytes: post('Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${SMUGGLED}`), statuses: [400] },
  { name: 'a chunk size that is no number', bytes: post('Transfer-Encoding: chunked\r\n', `zz\r\n${body}\r\n0\r\n\r\n`), statuses: [400] },
  { name: 'a chunk longer than it says', bytes: post('Transfer-Encoding: chunked\r\n', `2\r\n${body}\r\n0\r\n\r\n`), statuses: [400] },
  { name: 'a chunk size beyond all numbers', bytes: post('Transfer-Encoding: chunked\r\n', `ffffffffffffffffff\r\n${body}\r\n0\r\n\r\n`), statuses: [400] },
  { name: 'a bare line feed in headers', bytes: 'GET /v1/models HTTP/1.1\nHost: HOST\n\n', statuses: [400] },
  { name: 'a carriage return in a header', bytes: get('/v1/models', 'Host: HOST\r\nX-A: a\rTransfer-Encoding: chunked\r\n'), statuses: [400] },
  { name: 'a folded header', bytes: get('/v1/models', 'Host: HOST\r\nX-A: a\r\n b\r\n'), statuses: [400] },
  { name: 'a NUL in a header', bytes: get('/v1/models', 'Host: HOST\r\nX-A: a\0b\r\n'), statuses: [400] },
  { name: 'an unknown version of HTTP', bytes: 'GET /v1/models HTTP/3.0\r\nHost: HOST\r\n\r\n', statuses: [400] },
  { name: 'no HTTP at all', bytes: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', statuses: [400] },
  // Addresses that could mean two things.
  { name: 'an absolute address', bytes: get('http://HOST/v1/models'), statuses: [400] },
  { name: 'an absolute address elsewhere', bytes: get('http://evil.example/v1/models'), statuses: [400] },
  { name: 'an asterisk', bytes: 'OPTIONS * HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n', statuses: [400] },
  { name: 'dot segments', bytes: get('/v1/blobs/../models'), statuses: [400] },
  { name: 'a dot segment at the end', bytes: get('/v1/models/..'), statuses: [400] },
  { name: 'a single dot', bytes: get('/v1/./models'), statuses: [400] },
  { name: 'encoded dots', bytes: get('/v1/%2e%2e/models'), statuses: [400] },
  { name: 'an encoded slash', bytes: get('/v1/blobs/..%2fmodels'), statuses: [400] },
  { name: 'an encoded backslash', bytes: get('/v1/blobs/..%5cmodels'), statuses: [400] },
  { name: 'a backslash', bytes: get('/v1\\models'), statuses: [400] },
  { name: 'two slashes', bytes: get('//v1/models'), statuses: [400] },
  { name: 'two slashes inside', bytes: get('/v1//models'), statuses: [400] },
  { name: 'an encoded NUL', bytes: get('/v1/models%00'), statuses: [400] },
  { name: 'an encoded NUL in the query', bytes: get('/v1/version?ref=m%00'), statuses: [400] },
  { name: 'an escape of an escape', bytes: get('/v1/%252e%252e/models'), statuses: [400] },
  { name: 'an escape that is none', bytes: get('/v1/models?name=%zz'), statuses: [400] },
  { name: 'escapes that are not UTF-8', bytes: get('/v1/blobs/%ff%fe'), statuses: [400] },
  { name: 'escapes that are not UTF-8 in the query', bytes: get('/v1/version?ref=%ff'), statuses: [400] },
  { name: 'UTF-8 that is longer than it need be', bytes: get('/v1/blobs/%c0%af'), statuses: [400] },
  { name: 'a semicolon', bytes: get('/v1/models;a=b'), statuses: [400] },
  { name: 'a fragment', bytes: get('/v1/models#a'), statuses: [400] },
  { name: 'a key twice', bytes: get('/v1/version?ref=a&ref=b'), statuses: [400] },
  { name: 'a key that reaches the prototype', bytes: get('/v1/version?__proto__=a&ref=m'), statuses: [400] },
  { name: 'a slash at the end', bytes: get('/v1/models/'), statuses: [404] },
  { name: 'another case', bytes: get('/V1/models'), statuses: [404] },
  { name: 'a long address', bytes: get(`/v1/version?ref=${'a'.repeat(8_192)}`), statuses: [414] },
  // Somebody else's name for this server.
  { name: 'a foreign host', bytes: get('/v1/models', 'Host: evil.example\r\n'), statuses: [421] },
  { name: 'a foreign host with the port', bytes: get('/v1/models', 'Host: evil.example:PORT\r\n'), statuses: [421] },
  { name: 'a host that ends like this one', bytes: get('/v1/models', 'Host: localhost.evil.example:PORT\r\n'), statuses: [421] },
  { name: 'a host with a user', bytes: get('/v1/models', 'Host: localhost@evil.example\r\n'), statuses: [421] },
  { name: 'this machine under another port', bytes: get('/v1/models', 'Host: 127.0.0.1:1\r\n'), statuses: [421] },
  { name: 'a private address', bytes: get('/v1/models', 'Host: 192.168.0.1:PORT\r\n'), statuses: [421] },
  { name: 'this machine written otherwise', bytes: get('/v1/models', 'Host: 2130706433:PORT\r\n'), statuses: [421] },
  { name: 'two hosts', bytes: get('/v1/models', 'Host: HOST\r\nHost: evil.example\r\n'), statuses: [400, 421] },
  { name: 'no host', bytes: get('/v1/models', ''), statuses: [421] },
  { name: 'a host that was forwarded', bytes: get('/v1/models', 'Host: evil.example\r\nX-Forwarded-Host: HOST\r\n'), statuses: [421] },
  // Pages of other sites.
  { name: 'a foreign origin', bytes: get('/v1/models', 'Host: HOST\r\nOrigin: https://evil.example\r\n'), statuses: [403] },
  { name: 'an origin without a name', bytes: get('/v1/models', 'Host: HOST\r\nOrigin: null\r\n'), statuses: [403] },
  { name: 'the origin of this server itself, which has no pages', bytes: get('/v1/models', 'Host: HOST\r\nOrigin: http://HOST\r\n'), statuses: [403] },
  { name: 'another site', bytes: get('/v1/models', 'Host: HOST\r\nSec-Fetch-Site: cross-site\r\n'), statuses: [403] },
  { name: 'another host of the site', bytes: get('/v1/models', 'Host: HOST\r\nSec-Fetch-Site: same-site\r\n'), statuses: [403] },
  // Bodies.
  { name: 'a body of a GET', bytes: `GET /v1/models HTTP/1.1\r\nHost: HOST\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`, statuses: [400] },
  { name: 'JSON as text', bytes: `POST /v1/search HTTP/1.1\r\nHost: HOST\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`, statuses: [415] },
  { name: 'JSON as a form', bytes: `POST /v1/search HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/x-www-form-urlencoded\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`, statuses: [415] },
  { name: 'JSON without a type', bytes: `POST /v1/search HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`, statuses: [415] },
  { name: 'two types', bytes: post('Content-Type: text/plain\r\nConnection: close\r\nContent-Length: 2\r\n', '{}'), statuses: [415] },
  { name: 'a body that is packed', bytes: post('Content-Encoding: gzip\r\nConnection: close\r\nContent-Length: 2\r\n', '{}'), statuses: [415] },
  { name: 'a body that says that it is too long', bytes: post('Content-Length: 2097153\r\nConnection: close\r\n', ''), statuses: [413] },
  { name: 'a key of JSON that reaches the prototype', bytes: postJson('{"__proto__":{"includeDeleted":true}}'), statuses: [400] },
  { name: 'JSON that is not UTF-8', bytes: postJson('{"where":"\xff"}'), statuses: [400] },
  { name: 'a key of JSON twice', bytes: postJson('{"pageSize":1,"pageSize":100}'), statuses: [400] },
  { name: 'a method that is none', bytes: 'FETCH /v1/models HTTP/1.1\r\nHost: HOST\r\n\r\n', statuses: [400] },
  { name: 'a tunnel', bytes: 'CONNECT evil.example:443 HTTP/1.1\r\nHost: HOST\r\n\r\n', statuses: [] },
  { name: 'a trace', bytes: 'TRACE /v1/models HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n', statuses: [405] },
  { name: 'two operation ids', bytes: post('Idempotency-Key: a\r\nIdempotency-Key: b\r\nConnection: close\r\nContent-Length: 2\r\n', '{}'), statuses: [400] },
  { name: 'an operation id that is none', bytes: post('Idempotency-Key: a b\r\nConnection: close\r\nContent-Length: 2\r\n', '{}'), statuses: [400] }
]

function fill(bytes: string, { port }: TestServer): Buffer {
  return Buffer.from(bytes.replaceAll('HOST', `127.0.0.1:${port}`).replaceAll('PORT', String(port)), 'latin1')
}

function statusesIn(text: string): number[] {
  return [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status))
}

/** The one entry that the access log has of it, which may come after the reply. */
async function logged({ entries }: TestServer): Promise<AccessEntry> {
  while (entries[0] === undefined) await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
  expect(entries).toHaveLength(1)
  return entries[0]
}

describe('bytes that mean harm', () => {
  it.each(ATTACKS)('$name', async ({ bytes, statuses }) => {
    const { registry, touched } = untouchableRegistry()
    const server = await startServer({ registry })
    const text = await server.raw(fill(bytes, server), { end: true })
    const found = statusesIn(text)
    if (statuses.length === 0) expect(found).toEqual([])
    else {
      expect(found).toHaveLength(1)
      expect(statuses).toContain(found[0])
      expect(text).toContain('{"error":{"code":')
      expect(text.toLowerCase()).toContain('x-content-type-options: nosniff')
      const { status, requestId, route, code } = await logged(server)
      expect(status).toBe(found[0])
      expect(text.toLowerCase()).toContain(`x-request-id: ${requestId}`)
      if (route === undefined) expect(text).toContain(`"code":"${code ?? ''}"`)
    }
    expect(touched).toEqual([])
  })

  it('are refused as JSON with the limit of headers', async () => {
    const server = await startServer()
    const text = await server.raw(fill(`GET /v1/models HTTP/1.1\r\nHost: HOST\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`, server))
    expect(statusesIn(text)).toEqual([431])
    expect(text).toContain('"code":"TOO_LARGE"')
    const entry = await logged(server)
    expect(entry).toMatchObject({ method: '', path: '', status: 431, code: 'TOO_LARGE', remote: '127.0.0.1', aborted: false })
    expect(entry.bytesIn).toBeGreaterThan(16_384)
    expect(entry.bytesOut).toBe(text.length)
    const metrics = (await server.send('GET', '/metrics')).text
    expect(metrics).toContain('stemma_http_requests_total{route="none",method="other",status="431"} 1\n')
    expect(metrics).not.toContain('stemma_http_request_duration_seconds_count{route="none"}')
  })

  it('are refused when headers come too slowly', async () => {
    const server = await startServer({ limits: { headersTimeoutMs: 20, requestTimeoutMs: 40, connectionsCheckingIntervalMs: 5 } })
    const text = await server.raw('GET /v1/models HTTP/1.1\r\nHost: ')
    expect(statusesIn(text)).toEqual([408])
    expect(await logged(server)).toMatchObject({ method: '', status: 408, code: 'REGISTRY_UNAVAILABLE' })
  })

  it('are refused when a body comes too slowly', async () => {
    const server = await startServer({ limits: { headersTimeoutMs: 20, requestTimeoutMs: 40, connectionsCheckingIntervalMs: 5 } })
    const text = await server.raw(fill(post('Content-Length: 100\r\n', '{'), server))
    expect(statusesIn(text)).toEqual([408])
    expect(await logged(server)).toMatchObject({ method: 'POST', status: 408, code: 'REGISTRY_UNAVAILABLE' })
  })
})

describe('a body without an end', () => {
  it('is read up to its limit and no further', async () => {
    const { registry, touched } = untouchableRegistry()
    const server = await startServer({ registry })
    const socket = connect({ port: server.port, host: '127.0.0.1' })
    const replies: Buffer[] = []
    socket.on('data', (chunk) => replies.push(chunk)).on('error', () => undefined)
    socket.write(fill(post('Transfer-Encoding: chunked\r\n', ''), server))
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, 0x20), Buffer.from('\r\n')])
    let sent = 0
    const closed = once(socket, 'close')
    while (!socket.destroyed && sent < 128) {
      sent += 1
      if (!socket.write(chunk)) await Promise.race([once(socket, 'drain').catch(() => undefined), closed])
    }
    socket.end()
    await closed
    expect(statusesIn(Buffer.concat(replies).toString())).toEqual([413])
    expect(touched).toEqual([])
  })

  it('is answered before it is sent, when its sender asks first', async () => {
    const server = await startServer()
    const text = await server.raw(fill(post('Expect: 100-continue\r\nContent-Length: 9999999\r\n', ''), server))
    expect(statusesIn(text)).toEqual([413])
  })

  it('is asked for when its sender waits', async () => {
    const server = await startServer()
    const { port } = server
    const socket = connect({ port, host: '127.0.0.1' })
    socket.write(fill(post('Expect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n', ''), server))
    const first = String(await once(socket, 'data'))
    expect(first).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    socket.write('{}')
    const second = String(await once(socket, 'data'))
    expect(second).toMatch(/^HTTP\/1\.1 200 OK/)
    socket.destroy()
  })
})

it.each(['at once', 'piece by piece'])('reads a body that comes %s', async (how) => {
  const server = await startServer()
  const socket = connect({ port: server.port, host: '127.0.0.1', noDelay: true })
  const pieces = [post('Transfer-Encoding: chunked\r\nConnection: close\r\n', ''), '5\r\n{"lim\r\n', 'd\r\nit":0,"no":1}\r\n', '0\r\n\r\n'].map((piece) => fill(piece, server))
  let text = ''
  socket.on('data', (chunk) => (text += String(chunk)))
  const closed = once(socket, 'close')
  for (const piece of how === 'at once' ? [pieces.join('')] : pieces) {
    socket.write(piece)
    // One turn of the server in between.
    await server.send('GET', '/healthz')
  }
  await closed
  expect(statusesIn(text)).toEqual([400])
  expect(text).toMatch(/"message":"the body of POST \/v1\/search[^"]*no/)
})

it('reads JSON however deep it is, and refuses it', async () => {
  const server = await startServer()
  const reply = await server.send('POST', '/v1/search', { body: `{"where":${'['.repeat(500_000)}${']'.repeat(500_000)}}` })
  expect([reply.status, reply.code()]).toEqual([400, 'INVALID_INPUT'])
})

it('answers for the hosts that it was told, whatever their case', async () => {
  const server = await startServer({ allowedHosts: ['Registry.Example.org', 'other.example:8443'], allowedOrigins: ['https://registry.example.org'] })
  const statusOf = async (headers: Record<string, string>): Promise<number> => (await server.send('GET', '/v1/models', { headers })).status
  expect(await statusOf({ host: 'registry.example.org' })).toBe(200)
  expect(await statusOf({ host: 'REGISTRY.example.ORG', origin: 'https://registry.example.org' })).toBe(200)
  expect(await statusOf({ host: `registry.example.org:${server.port}` })).toBe(200)
  expect(await statusOf({ host: 'registry.example.org:1' })).toBe(421)
  expect(await statusOf({ host: 'other.example:8443' })).toBe(200)
  expect(await statusOf({ host: 'other.example' })).toBe(421)
  expect(await statusOf({ host: `localhost:${server.port}` })).toBe(200)
  // Probes call a machine by its number.
  expect((await server.send('GET', '/healthz', { headers: { host: '10.0.0.7:1' } })).status).toBe(200)
})
