import { gzipSync } from 'node:zlib'
import { http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { errorOf } from '../support/test-registry.js'
import { testTransport, TOKEN } from './test-transport.js'

const BASE = 'https://registry.example.org/ml'
const GET = { method: 'GET', path: '/v1/things', status: 200, reply: z.object({ ok: z.boolean() }) } as const
const POST = { method: 'POST', path: '/v1/things', status: 201, reply: z.object({ ok: z.boolean() }), mutates: true } as const
const BLOB = { method: 'GET', path: '/v1/blobs/{digest}', status: 200 } as const
const EVENTS = { method: 'GET', path: '/v1/changes', status: 200 } as const

const server = setupServer()
beforeAll(() => {
  server.listen({ onUnhandledRequest: 'error' })
})
afterEach(() => {
  server.resetHandlers()
})
afterAll(() => {
  server.close()
})

/** Answers every request in the same way. */
function always(respond: (request: Request) => Response | Promise<Response>): void {
  server.use(http.all('*', ({ request }) => respond(request)))
}

function text(body: string, contentType = 'application/json', init: { status?: number; headers?: Record<string, string> } = {}): Response {
  return new Response(body, { ...init, headers: { 'content-type': contentType, ...init.headers } })
}

describe('a reply that no registry gives', () => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000)
  it.each<[string, () => Response, RegExp]>([
    ['text that is no JSON', () => text('{"ok": tru'), /is not JSON/],
    ['another type of value', () => text('{"ok": "yes"}'), /at ok/],
    ['another value altogether', () => text('[1, 2]'), /expected object/i],
    ['nothing', () => text(''), /found no body|is not JSON/],
    ['JSON that is nested too deep', () => text(deep), /nested deeper/],
    ['a key twice', () => text('{"ok": true, "ok": false}'), /twice/],
    ['a prototype', () => text('{"ok": true, "__proto__": {"ok": false}}'), /__proto__/],
    ['bytes that are not UTF-8', () => new Response(Buffer.from([0x7b, 0xff, 0x7d]), { headers: { 'content-type': 'application/json' } }), /UTF-8/],
    ['a page to sign in', () => text('<!doctype html><title>Sign in \u001b[31m· Corp</title>', 'text/html'), /an HTML page titled "Sign in/],
    ['plain text', () => text('ok', 'text/plain'), /a body of type text\/plain/],
    ['JSON that does not say so', () => text('{"ok":true}', 'application/octet-stream'), /application\/octet-stream/],
    ['what was compressed unasked', () => new Response(gzipSync('{"ok":true}'), { headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } }), /compressed/],
    ['more than 8 MiB', () => text(`{"ok":true,"more":"${'x'.repeat(9_000_000)}"}`), /more than 8388608 bytes/],
    ['another success', () => text('{"ok":true}', 'application/json', { status: 202 }), /status 202/],
    ['an error in other words', () => text('{"detail":"Not Found"}', 'application/json', { status: 404 }), /status 404/]
  ])('%s is a PROTOCOL_ERROR, and not tried again', async (_title, respond, message) => {
    let calls = 0
    always(() => {
      calls += 1
      return respond()
    })
    const error = await errorOf(testTransport(BASE).json(GET, {}))
    expect(error).toMatchObject({ code: 'PROTOCOL_ERROR', retryable: false })
    expect(error.message).toMatch(message)
    expect(error.message).not.toContain('\u001b')
    expect(calls).toBe(1)
  })

  it('a bomb is not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
    always(() => new Response(bomb, { headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } }))
    expect(await errorOf(testTransport(BASE).json(GET, {}))).toMatchObject({ code: 'PROTOCOL_ERROR' })
  })

  it('more bytes than were asked for end the download', async () => {
    always(() => new Response(Buffer.alloc(2_000), { headers: { 'content-type': 'application/octet-stream' } }))
    const reply = await testTransport(BASE).bytes(BLOB, { parameters: { digest: 'sha256:a' }, maxBytes: 1_000 })
    const read = async (): Promise<void> => {
      for await (const chunk of reply.body) expect(chunk.byteLength).toBeLessThanOrEqual(1_000)
    }
    expect(await errorOf(read())).toMatchObject({ code: 'PROTOCOL_ERROR' })
  })

  it('events that are none are a PROTOCOL_ERROR; plain JSON is the result', async () => {
    always(() => text('<html></html>', 'text/html'))
    expect(await errorOf(testTransport(BASE).events(EVENTS, {}))).toMatchObject({ code: 'PROTOCOL_ERROR' })
    always(() => text('{"ok":true}'))
    const { events } = await testTransport(BASE).events(EVENTS, {})
    const found = []
    for await (const event of events) found.push(event)
    expect(found).toEqual([{ event: 'result', data: '{"ok":true}' }])
  })

  it('an answer to a change that cannot be read leaves its outcome open', async () => {
    always(() => text('{"ok": "perhaps"}', 'application/json', { status: 201 }))
    expect(await errorOf(testTransport(BASE).json(POST, { body: {}, details: { operationId: 'o-1' } }))).toMatchObject({
      code: 'COMMIT_UNKNOWN',
      details: { operationId: 'o-1', method: 'POST', url: `${BASE}/v1/things` }
    })
  })
})

describe('statuses', () => {
  it.each([
    [401, 'UNAUTHENTICATED', 1],
    [403, 'FORBIDDEN', 1],
    [407, 'REGISTRY_UNAVAILABLE', 1],
    [408, 'REGISTRY_UNAVAILABLE', 6],
    [413, 'TOO_LARGE', 1],
    [418, 'PROTOCOL_ERROR', 1],
    [425, 'PROTOCOL_ERROR', 6],
    [429, 'TOO_MANY_REQUESTS', 6],
    [500, 'REGISTRY_UNAVAILABLE', 6],
    [501, 'REGISTRY_UNAVAILABLE', 1],
    [502, 'REGISTRY_UNAVAILABLE', 6],
    [503, 'REGISTRY_UNAVAILABLE', 6],
    [504, 'REGISTRY_UNAVAILABLE', 6],
    [505, 'REGISTRY_UNAVAILABLE', 1],
    [507, 'REGISTRY_UNAVAILABLE', 1]
  ])('%i of something before the registry is %s, after %i attempts', async (status, code, attempts) => {
    let calls = 0
    always(() => {
      calls += 1
      return text('<h1>proxy</h1>', 'text/html', { status })
    })
    expect(await errorOf(testTransport(BASE).json(GET, {}))).toMatchObject({ code, details: { status } })
    expect(calls).toBe(attempts)
  })

  it.each([
    [503, 'CONFLICT_RETRIES', true, 6],
    [503, 'READ_ONLY', false, 1],
    [500, 'LOG_CORRUPT', false, 1],
    [500, 'COMMIT_UNKNOWN', false, 6],
    [507, 'NO_SPACE', true, 1],
    [409, 'CONFLICT', false, 1],
    [422, 'DIGEST_MISMATCH', true, 1]
  ])('%i %s of the registry, retryable %s, is its own error after %i attempts', async (status, code, retryable, attempts) => {
    let calls = 0
    always(() => {
      calls += 1
      return text(JSON.stringify({ error: { code, message: 'because', hint: 'do', retryable, details: { current: '1.0.0' }, requestId: 'r-1' } }), 'application/json', { status })
    })
    expect(await errorOf(testTransport(BASE).json(GET, {}))).toMatchObject({ code, message: 'because', hint: 'do', details: { current: '1.0.0', status } })
    expect(calls).toBe(attempts)
  })

  it.each([
    ['7', 7_000],
    ['3600', 60_000],
    ['Thu, 01 Jan 1970 00:00:20 GMT', 19_000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['soon', 0],
    ['-5', 0]
  ])('waits as Retry-After: %s asks', async (header, atLeastMs) => {
    let calls = 0
    always(() => {
      calls += 1
      return calls === 1 ? text('', 'text/plain', { status: 429, headers: { 'retry-after': header } }) : text('{"ok":true}')
    })
    const transport = testTransport(BASE, {}, 1_000)
    await transport.json(GET, {})
    expect(transport.waits[0]).toBeGreaterThanOrEqual(Math.max(200, atLeastMs))
    expect(transport.waits[0]).toBeLessThanOrEqual(Math.max(400, atLeastMs))
  })

  it('does not wait longer than the call may take', async () => {
    always(() => text('', 'text/plain', { status: 503, headers: { 'retry-after': '60' } }))
    const transport = testTransport(BASE)
    await errorOf(transport.json(GET, { patience: { retries: 5, totalMs: 100_000 } }))
    expect(transport.waits).toEqual([60_000])
  })
})

describe('redirects', () => {
  const seen: { url: string; authorization: string | null; key: string | null }[] = []
  /** Redirects what has the path of a key, and answers everything else. */
  function redirects(locations: Record<string, string>, status = 302): void {
    seen.length = 0
    always((request) => {
      const url = new URL(request.url)
      seen.push({ url: request.url, authorization: request.headers.get('authorization'), key: request.headers.get('x-own') })
      const location = locations[url.pathname]
      if (location !== undefined) return new Response(null, { status, headers: { location } })
      return request.url.includes('/v1/blobs') || url.pathname === '/bytes' ? HttpResponse.arrayBuffer(Buffer.from('bytes').buffer) : text('{"ok":true}')
    })
  }

  it('within the origin are followed, with the token', async () => {
    redirects({ '/ml/v1/things': '/new/v1/things' }, 308)
    expect(await testTransport(BASE).json(GET, {})).toEqual({ ok: true })
    expect(seen.map(({ url, authorization }) => [url, authorization])).toEqual([
      [`${BASE}/v1/things`, `Bearer ${TOKEN}`],
      ['https://registry.example.org/new/v1/things', `Bearer ${TOKEN}`]
    ])
  })

  it.each([
    ['another host', 'https://evil.example.org/v1/things'],
    ['a host below', 'https://a.registry.example.org/'],
    ['another port', 'https://registry.example.org:8443/'],
    ['plain http', 'http://registry.example.org/v1/things'],
    ['a user', 'https://user:word@registry.example.org/'],
    ['a file', 'file:///etc/passwd'],
    ['nothing that can be read', 'http://[']
  ])('to %s are not followed', async (_title, location) => {
    redirects({ '/ml/v1/things': location })
    expect(await errorOf(testTransport(BASE).json(GET, {}))).toMatchObject({ code: 'PROTOCOL_ERROR', details: { status: 302 } })
    expect(seen).toHaveLength(1)
  })

  it('of changes are not followed', async () => {
    redirects({ '/ml/v1/things': `${BASE}/v2/things` }, 307)
    expect(await errorOf(testTransport(BASE).json(POST, { body: {} }))).toMatchObject({ code: 'PROTOCOL_ERROR' })
    expect(seen).toHaveLength(1)
  })

  it('without end are given up', async () => {
    redirects({ '/ml/v1/things': `${BASE}/v1/things` })
    expect(await errorOf(testTransport(BASE).json(GET, {}))).toMatchObject({ code: 'PROTOCOL_ERROR' })
    expect(seen).toHaveLength(6)
  })

  it('to an origin that is allowed are followed without the token and all else that is meant for the registry', async () => {
    redirects({ '/ml/v1/blobs/a': 'https://blobs.example.org/bytes' })
    const transport = testTransport(BASE, { allowedRedirectOrigins: ['https://blobs.example.org'] })
    const reply = await transport.bytes(BLOB, { parameters: { digest: 'a' }, headers: { 'x-own': TOKEN, range: 'bytes=1-' }, maxBytes: 100 })
    expect(reply.status).toBe(200)
    reply.cancel()
    expect(seen[1]).toEqual({ url: 'https://blobs.example.org/bytes', authorization: null, key: null })
  })

  it.each([
    [['93.184.216.34'], true],
    [['2606:2800:220:1:248:1893:25c8:1946'], true],
    [['127.0.0.1'], false],
    [['10.1.2.3'], false],
    [['172.31.0.1'], false],
    [['192.168.1.1'], false],
    [['100.64.0.1'], false],
    [['169.254.169.254'], false],
    [['0.0.0.0'], false],
    [['::1'], false],
    [['fe80::1'], false],
    [['fd00:ec2::254'], false],
    [['::ffff:169.254.169.254'], false],
    [['::ffff:a00:1'], false],
    [['64:ff9b::a00:1'], false],
    [['93.184.216.34', '10.0.0.1'], false],
    [[], false]
  ])('of bytes that are held against a digest: to a host at %j is followed: %s', async (addresses, isFollowed) => {
    redirects({ '/ml/v1/blobs/a': 'https://storage.example.net/bytes' })
    const transport = testTransport(BASE, { resolveHost: () => Promise.resolve(addresses) })
    const fetching = transport.bytes(BLOB, { parameters: { digest: 'a' }, maxBytes: 100, isVerified: true })
    if (isFollowed) (await fetching).cancel()
    else expect(await errorOf(fetching)).toMatchObject({ code: 'PROTOCOL_ERROR' })
    expect(seen.slice(1).map(({ authorization }) => authorization)).toEqual(isFollowed ? [null] : [])
  })

  it('of bytes that are not held against a digest are not followed', async () => {
    redirects({ '/ml/v1/blobs/a': 'https://storage.example.net/bytes' })
    const transport = testTransport(BASE, { resolveHost: () => Promise.resolve(['93.184.216.34']) })
    expect(await errorOf(transport.bytes(BLOB, { parameters: { digest: 'a' }, maxBytes: 100 }))).toMatchObject({ code: 'PROTOCOL_ERROR' })
  })
})
