import * as z from 'zod'
import { describe, expect, it } from 'vitest'
import { errorOf } from '../support/test-registry.js'
import { answer, serve, testTransport, TOKEN } from './test-transport.js'

const GET = { method: 'GET', path: '/v1/things/{id}', status: 200, reply: z.object({ ok: z.boolean() }) } as const
const POST = { method: 'POST', path: '/v1/things', status: 201, reply: z.object({ ok: z.boolean() }), mutates: true } as const
const UPLOAD = { method: 'PATCH', path: '/v1/uploads/{id}', status: 204 } as const

describe('transport', () => {
  it('sends what it was told, under the prefix of the registry, and reads the answer', async () => {
    const seen: unknown[] = []
    const { url } = await serve((request, response) => {
      seen.push([request.method, request.url, request.headers.authorization, request.headers['accept-encoding'], request.headers['user-agent']])
      answer(response, 200, { ok: true })
    })
    const transport = testTransport(`${url}/ml/registry`)
    expect(await transport.json(GET, { parameters: { id: 'sha256:a/../b' }, query: { ref: 'risk/credit@^1.2', limit: 3, cursor: undefined } })).toEqual({ ok: true })
    expect(seen).toEqual([['GET', '/ml/registry/v1/things/sha256%3Aa%2F..%2Fb?ref=risk%2Fcredit%40%5E1.2&limit=3', `Bearer ${TOKEN}`, 'identity', 'stemma/test']])
  })

  it('finds the address of each call, whatever the one before said', async () => {
    const seen: unknown[] = []
    const { url } = await serve((request, response) => {
      seen.push(request.url)
      answer(response, 201, { ok: true })
    })
    const transport = testTransport(url)
    for (const query of [undefined, { a: 1 }, undefined, { a: 2 }]) await transport.json(POST, query === undefined ? {} : { query })
    expect(seen).toEqual(['/v1/things', '/v1/things?a=1', '/v1/things', '/v1/things?a=2'])
  })

  it('sends a query that is signed as it is, and shows it nowhere; and a body without a type', async () => {
    const seen: unknown[] = []
    const { url } = await serve((request, response) => {
      seen.push([request.url, request.headers['content-type'], request.headers['content-length']])
      request.resume()
      answer(response, seen.length === 1 ? 200 : 403, {})
    })
    const transport = testTransport(url)
    const call = { search: '?signature=a%20b%2fc+d', body: { kind: 'bytes', bytes: Buffer.from('abc'), contentType: null } } as const
    await transport.send({ ...UPLOAD, path: '/bucket/key', status: 200 }, call)
    const error = await errorOf(transport.send({ ...UPLOAD, path: '/bucket/key', status: 200 }, call))
    expect(seen[0]).toEqual(['/bucket/key?signature=a%20b%2fc+d', undefined, '3'])
    expect(JSON.stringify([error.message, error.details, error.hint])).not.toContain('signature')
  })

  it('takes nothing that somebody put into all objects for a setting', async () => {
    const { url } = await serve((_request, response) => {
      answer(response, 200, { ok: true })
    })
    const transport = testTransport(url)
    const names = ['socketPath', 'lookup', 'createConnection', 'insecureHTTPParser', 'maxRedirects', 'baseURL', 'auth', 'params', 'proxy'] as const
    for (const name of names) {
      Object.defineProperty(Object.prototype, name, { value: '/tmp/elsewhere', configurable: true, writable: true })
      try {
        expect(await transport.json(GET, { parameters: { id: 'a' } })).toEqual({ ok: true })
      } finally {
        Reflect.deleteProperty(Object.prototype, name)
      }
    }
  })

  it('uses a connection again', async () => {
    const ports = new Set<number | undefined>()
    const { url } = await serve((request, response) => {
      ports.add(request.socket.remotePort)
      answer(response, 200, { ok: true })
    })
    const transport = testTransport(url)
    for (let index = 0; index < 5; index += 1) await transport.json(GET, { parameters: { id: 'a' } })
    expect(ports.size).toBe(1)
  })

  it('tries again what failed in passing, waiting longer each time', async () => {
    let calls = 0
    const { url } = await serve((request, response) => {
      calls += 1
      if (calls === 1) request.socket.destroy()
      else if (calls === 2) answer(response, 502, '<html><title>Bad gateway</title>', { 'content-type': 'text/html' })
      else if (calls === 3) answer(response, 503, { error: { code: 'CONFLICT_RETRIES', message: 'busy', retryable: true } })
      else answer(response, 200, { ok: true })
    })
    const transport = testTransport(url)
    expect(await transport.json(GET, { parameters: { id: 'a' } })).toEqual({ ok: true })
    expect(calls).toBe(4)
    expect(transport.waits).toHaveLength(3)
    for (const [index, wait] of transport.waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(200 * 2 ** index)
      expect(wait).toBeLessThanOrEqual(400 * 2 ** index)
    }
  })

  it('sends a stream of exact length, opened anew for each attempt', async () => {
    let calls = 0
    let opened = 0
    const bodies: number[] = []
    const { url } = await serve((request, response) => {
      calls += 1
      let size = 0
      request.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (calls === 1 && size > 100_000) request.socket.destroy()
      })
      request.on('end', () => {
        bodies.push(size)
        response.writeHead(204, { 'upload-offset': String(size) })
        response.end()
      })
    })
    const transport = testTransport(url)
    const open = async function* (): AsyncGenerator<Uint8Array> {
      opened += 1
      for (let index = 0; index < 32; index += 1) yield await Promise.resolve(Buffer.alloc(65_536, index))
    }
    const reply = await transport.send(UPLOAD, { parameters: { id: 'u' }, body: { kind: 'stream', sizeBytes: 32 * 65_536, open } })
    expect(reply).toMatchObject({ status: 204, headers: { 'upload-offset': '2097152' }, json: undefined, error: undefined })
    expect({ opened, bodies }).toEqual({ opened: 2, bodies: [32 * 65_536] })
  })

  it('tells a lost reply of a mutation from one that was never sent', async () => {
    const { url } = await serve((request) => {
      request.resume()
      request.on('end', () => request.socket.destroy())
    })
    const lost = await errorOf(testTransport(url).json(POST, { body: {} }))
    expect(lost.code).toBe('COMMIT_UNKNOWN')
    const refused = await errorOf(testTransport('http://127.0.0.1:1').json(POST, { body: {} }))
    expect(refused).toMatchObject({ code: 'REGISTRY_UNAVAILABLE', details: { cause: 'ECONNREFUSED' } })
  })

  it('reads an answer that comes before the request is at its end, and gives the rest of it up', async () => {
    let isOpen = false
    const { url } = await serve((request, response) => {
      request.pause()
      answer(response, 413, { error: { code: 'TOO_LARGE', message: 'too much', retryable: false } })
    })
    const open = async function* (): AsyncGenerator<Uint8Array> {
      isOpen = true
      try {
        for (let index = 0; index < 1_000; index += 1) yield await Promise.resolve(Buffer.alloc(65_536))
      } finally {
        isOpen = false
      }
    }
    const transport = testTransport(url)
    const body = { kind: 'stream', sizeBytes: 1_000 * 65_536, open } as const
    expect(await errorOf(transport.send(UPLOAD, { parameters: { id: 'u' }, body }))).toMatchObject({ code: 'TOO_LARGE' })
    const reply = await transport.send(UPLOAD, { parameters: { id: 'u' }, body, statuses: [204, 413] })
    expect(reply).toMatchObject({ status: 413, error: { code: 'TOO_LARGE' } })
    await new Promise((resolve) => setImmediate(resolve))
    expect(isOpen).toBe(false)
  })

  it('sends parts as multipart/form-data', async () => {
    const seen: string[] = []
    const { url } = await serve((request, response) => {
      let text = ''
      request.on('data', (chunk: Buffer) => (text += chunk.toString()))
      request.on('end', () => {
        seen.push(String(request.headers['content-type']), String(request.headers['content-length']), text)
        answer(response, 201, { ok: true })
      })
    })
    const parts = [{ name: 'a', filename: 'a.bin', contentType: 'application/octet-stream', bytes: Buffer.from('one') }, { name: 'b', contentType: 'text/plain', bytes: Buffer.from('two') }]
    const reply = await testTransport(url).send(POST, { body: { kind: 'parts', parts } })
    expect(reply.json).toEqual({ ok: true })
    const [type = '', length, text = ''] = seen
    expect(type).toMatch(/^multipart\/form-data; boundary=-+[0-9a-zA-Z]{10,}$/)
    expect(Number(length)).toBe(text.length)
    expect(text).toContain('name="a"; filename="a.bin"\r\nContent-Type: application/octet-stream\r\n\r\none\r\n')
    expect(text).toContain('name="b"\r\nContent-Type: text/plain\r\n\r\ntwo\r\n')
  })

  it('refuses bytes that are more or fewer than was said', async () => {
    const { url } = await serve((request) => {
      request.resume()
    })
    for (const sizeBytes of [5, 20]) {
      const open = async function* (): AsyncGenerator<Uint8Array> {
        yield await Promise.resolve(Buffer.alloc(10))
      }
      expect(await errorOf(testTransport(url).send(UPLOAD, { parameters: { id: 'u' }, body: { kind: 'stream', sizeBytes, open } }))).toMatchObject({ code: 'SOURCE_CHANGED' })
    }
  })
})
