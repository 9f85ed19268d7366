import { createServer as createNetServer, type AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import * as z from 'zod'
import { isStemmaError } from '../../src/errors/stemma-error.js'
import { systemSources, type Sources } from '../../src/util/sources.js'
import { all, errorOf } from '../support/test-registry.js'
import { answer, serve, testTransport, TOKEN, type TestTransport } from './test-transport.js'

const GET = { method: 'GET', path: '/v1/things', status: 200, reply: z.object({ ok: z.boolean() }) } as const
const POST = { method: 'POST', path: '/v1/things', status: 201, reply: z.object({ ok: z.boolean() }), mutates: true } as const
const BLOB = { method: 'GET', path: '/v1/blobs/a', status: 200 } as const
const UPLOAD = { method: 'PATCH', path: '/v1/uploads/a', status: 204 } as const
const EVENTS = { method: 'GET', path: '/v1/changes', status: 200 } as const
const ONCE = { retries: 0, totalMs: 120_000 } as const

/** Lets what is under way get where it waits. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** A server that says nothing, and tells when it was reached. */
async function silent(): Promise<{ url: string; reached: Promise<void> }> {
  let reach: () => void = () => undefined
  const reached = new Promise<void>((resolve) => (reach = resolve))
  const { url } = await serve(() => {
    reach()
  })
  return { url, reached }
}

describe('limits', () => {
  it('ends a call that nothing answers', async () => {
    const { url, reached } = await silent()
    const transport = testTransport(url)
    const failing = errorOf(transport.json(GET, { patience: ONCE }))
    await reached
    transport.tick(29_500)
    transport.tick(500)
    expect(await failing).toMatchObject({ code: 'REGISTRY_UNAVAILABLE', details: { cause: 'TIMEOUT' } })
  })

  it('ends a change that nothing answers with an open outcome', async () => {
    const { url, reached } = await silent()
    const transport = testTransport(url)
    const failing = errorOf(transport.json(POST, { body: {}, patience: ONCE }))
    await reached
    await settle()
    transport.tick(30_000)
    expect(await failing).toMatchObject({ code: 'COMMIT_UNKNOWN' })
  })

  it('ends a body that only drips, and lets one that moves take its time', async () => {
    let drip: (bytes: number) => void = () => undefined
    const { url } = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' })
      response.write('a')
      drip = (bytes) => response.write(Buffer.alloc(bytes))
    })
    const transport = testTransport(url)
    const reply = await transport.bytes(BLOB, { maxBytes: 1_000_000, patience: { retries: 0, totalMs: Number.POSITIVE_INFINITY } })
    let received = 0
    const reading = (async () => {
      for await (const chunk of reply.body) received += chunk.byteLength
    })()
    const failing = errorOf(reading)
    const receive = async (bytes: number): Promise<void> => {
      const wanted = received + bytes
      drip(bytes)
      while (received < wanted) await settle()
    }
    // Ten minutes at 200 bytes a second.
    for (let second = 0; second < 600; second += 10) {
      await receive(2_000)
      transport.tick(10_000)
    }
    for (let second = 0; second < 60; second += 10) {
      drip(10)
      await settle()
      transport.tick(10_000)
    }
    expect(await failing).toMatchObject({ code: 'REGISTRY_UNAVAILABLE', details: { cause: 'TOO_SLOW' } })
  }, 20_000)

  it('does not count the time that the reader takes', async () => {
    const { url } = await serve((_request, response) => {
      response.end('bytes')
    })
    const transport = testTransport(url)
    const reply = await transport.bytes(BLOB, { maxBytes: 100 })
    for await (const chunk of reply.body) {
      transport.tick(600_000)
      expect(chunk.byteLength).toBe(5)
    }
  })

  it('ends all attempts together when the call has taken too long', async () => {
    const { url } = await serve((_request, response) => {
      answer(response, 503, { error: { code: 'REGISTRY_UNAVAILABLE', message: 'busy', retryable: true } })
    })
    const transport = testTransport(url)
    await errorOf(transport.json(GET, { patience: { retries: 50, totalMs: 2_000 } }))
    expect(transport.waits.reduce((sum, wait) => sum + wait, 0)).toBeLessThan(2_000)
    expect(transport.waits.length).toBeGreaterThan(1)
  })

  it('tries once while the registry was lost a moment ago, and as often as ever later', async () => {
    const transport = testTransport('http://127.0.0.1:1')
    await errorOf(transport.json(GET, {}))
    expect([transport.waits.length, transport.isOutOfReach()]).toEqual([5, true])
    await errorOf(transport.json(GET, {}))
    expect(transport.waits).toHaveLength(5)
    transport.advance(5_000)
    expect(transport.isOutOfReach()).toBe(false)
    await errorOf(transport.json(GET, {}))
    expect(transport.waits).toHaveLength(10)
  })

  it('takes comments for signs of life, and their absence for the end', async () => {
    let comment: () => void = () => undefined
    const { url } = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('event: change\ndata: {}\n\n')
      comment = () => response.write(': here\n\n')
    })
    const transport = testTransport(url)
    const { events } = await transport.events(EVENTS, { patience: { retries: 0, totalMs: Number.POSITIVE_INFINITY, idleMs: 45_000 } })
    const iterator = events[Symbol.asyncIterator]()
    expect((await iterator.next()).value).toEqual({ event: 'change', data: '{}' })
    const next = errorOf(iterator.next())
    for (let quarter = 0; quarter < 20; quarter += 1) {
      comment()
      await new Promise((resolve) => setTimeout(resolve, 2))
      transport.tick(15_000)
    }
    transport.tick(45_000)
    expect(await next).toMatchObject({ code: 'REGISTRY_UNAVAILABLE', details: { cause: 'TIMEOUT' } })
  })

  it.each([
    ['cut in the middle', 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"ok"', 'REGISTRY_UNAVAILABLE'],
    ['cut in a chunk', 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"ok"', 'REGISTRY_UNAVAILABLE'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n', 'PROTOCOL_ERROR'],
    ['headers without end', `HTTP/1.1 200 OK\r\nX-Long: ${'x'.repeat(100_000)}\r\n\r\n{}`, 'PROTOCOL_ERROR'],
    ['nothing at all', '', 'REGISTRY_UNAVAILABLE']
  ])('%s is %s', async (_title, bytes, code) => {
    const server = createNetServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.end(bytes))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.close()
    })
    const error = await errorOf(testTransport(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).json(GET, { patience: ONCE }))
    expect(error.code).toBe(code)
  })
})

describe('abort', () => {
  const reason = new Error('enough')

  it.each<[string, (transport: TestTransport, signal: AbortSignal) => Promise<unknown>]>([
    ['a call', (transport, signal) => transport.json(GET, { signal })],
    ['a change', (transport, signal) => transport.json(POST, { body: {}, signal })],
    ['a download', (transport, signal) => transport.bytes(BLOB, { maxBytes: 1, signal })],
    ['an upload', (transport, signal) => transport.send(UPLOAD, { body: { kind: 'bytes', bytes: Buffer.alloc(5_000_000) }, signal })],
    ['events', (transport, signal) => transport.events(EVENTS, { signal })]
  ])('of %s rejects with the reason: before, during, and while it waits', async (_title, call) => {
    const { url, reached } = await silent()
    const transport = testTransport(url)
    await expect(call(transport, AbortSignal.abort(reason))).rejects.toBe(reason)
    const controller = new AbortController()
    const running = call(transport, controller.signal)
    await reached
    controller.abort(reason)
    await expect(running).rejects.toBe(reason)

    const waited: number[] = []
    const sleep: Sources['sleep'] = (delayMs, signal) => {
      waited.push(delayMs)
      return systemSources.sleep(delayMs, signal)
    }
    const other = new AbortController()
    const waiting = call(testTransport('http://127.0.0.1:1', { sources: { ...systemSources, sleep } }), other.signal)
    waiting.catch(() => undefined)
    while (waited.length === 0) await settle()
    other.abort('no error')
    await expect(waiting).rejects.toBe('no error')
  })

  it('in the middle of a body rejects with the reason', async () => {
    const { url } = await serve((_request, response) => {
      response.write('first')
    })
    const controller = new AbortController()
    const reply = await testTransport(url).bytes(BLOB, { maxBytes: 100, signal: controller.signal })
    const read = async (): Promise<void> => {
      for await (const chunk of reply.body) {
        expect(chunk.byteLength).toBe(5)
        controller.abort(reason)
      }
    }
    await expect(read()).rejects.toBe(reason)
  })

  it('lets the source of an upload go', async () => {
    let isOpen = false
    const { url, reached } = await silent()
    const controller = new AbortController()
    const open = async function* (): AsyncGenerator<Uint8Array> {
      isOpen = true
      try {
        for (;;) yield await Promise.resolve(Buffer.alloc(65_536))
      } finally {
        isOpen = false
      }
    }
    const sending = testTransport(url).send(UPLOAD, { body: { kind: 'stream', sizeBytes: 1e9, open }, signal: controller.signal })
    await reached
    expect(isOpen).toBe(true)
    controller.abort(reason)
    await expect(sending).rejects.toBe(reason)
    await settle()
    expect(isOpen).toBe(false)
  })

  it('what the source of an upload throws is told as it is', async () => {
    const { url } = await silent()
    const open = async function* (): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.alloc(10))
      throw reason
    }
    await expect(testTransport(url).send(UPLOAD, { body: { kind: 'stream', sizeBytes: 100, open } })).rejects.toBe(reason)
  })
})

describe('an event', () => {
  it.each([
    ['lines of data', `data: ${'x'.repeat(50_000)}\n`],
    ['lines of data between comments', `data: ${'x'.repeat(50_000)}\n:\n: still here\n`],
    ['a line without an end', 'x'.repeat(50_000)]
  ])('that never ends is given up: %s', async (_title, piece) => {
    const { url } = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.on('error', () => undefined)
      for (let count = 0; count < 40; count += 1) response.write(piece)
      response.end()
    })
    const { events } = await testTransport(url, { limits: { maxEventBytes: 1_000_000 } }).events(EVENTS, {})
    await expect(all(events)).rejects.toMatchObject({ code: 'PROTOCOL_ERROR', details: { limit: 1_000_000 } })
  })

  it('may come after any number of comments', async () => {
    const { url } = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (let count = 0; count < 10_000; count += 1) response.write(': still here\n\n')
      response.end('event: change\ndata: {}\n\n')
    })
    const { events } = await testTransport(url, { limits: { maxEventBytes: 30_000 } }).events(EVENTS, {})
    expect(await all(events)).toEqual([{ event: 'change', data: '{}' }])
  })
})

describe('the token', () => {
  it('is in nothing that can be seen', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/v1/things') answer(response, 401, { error: { code: 'UNAUTHENTICATED', message: 'no such token', retryable: false } })
      else request.socket.destroy()
    })
    const transport = testTransport(url)
    const gone = testTransport('http://127.0.0.1:1')
    const failures = await Promise.all([
      errorOf(transport.json(GET, {})),
      errorOf(transport.bytes(BLOB, { maxBytes: 1 })),
      errorOf(transport.send(UPLOAD, { body: { kind: 'bytes', bytes: Buffer.alloc(300_000) } })),
      errorOf(transport.events(EVENTS, {})),
      errorOf(gone.json(GET, {})),
      errorOf(gone.json(POST, { body: { name: 'm' } }))
    ])
    for (const value of [...failures, transport]) {
      const seen = [inspect(value, { depth: 20, showHidden: true, getters: true }), JSON.stringify(value), isStemmaError(value) ? String(value.stack) : '']
      expect(seen.join('\n')).not.toContain(TOKEN)
    }
    for (const failure of failures) expect(failure.cause).toBeUndefined()
  })
})
