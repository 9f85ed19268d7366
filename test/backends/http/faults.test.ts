import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openHttpBackend } from '../../../src/backends/http/open-http.js'
import type { Backend } from '../../../src/backends/backend.js'
import { toReference } from '../../../src/record/parse-reference.js'
import { parseSearch } from '../../../src/record/parse-search.js'
import { LIBRARY } from '../../../src/util/library.js'
import { systemSources, type Sources } from '../../../src/util/sources.js'
import { all, errorOf } from '../../support/test-registry.js'

const INFO = {
  server: LIBRARY,
  capabilities: { compareAndSet: true, atomicTransition: true, history: true, timeTravel: true, idempotentMutations: true, durable: true, garbageCollection: true },
  policy: { stages: ['none', 'staging', 'production', 'archived'], forbiddenMoves: [], reasonRequiredFor: [] },
  scopes: ['admin'],
  limits: { chunkBytes: 1_048_576, batchBlobs: 10, batchBlobBytes: 1_024, batchBytes: 4_096 }
}
const unavailable = { state: 'unavailable', reason: 'test' }
const VERSION = {
  name: 'm', version: '1.0.0', sequence: 1, digest: `sha256:${'a'.repeat(64)}`, createdAt: '2026-03-01T12:00:00.000Z', sizeBytes: 0, artifactCount: 0,
  schemaVersion: 1, params: {}, metrics: {}, evaluations: [], featureImportance: {}, datasets: [], derivedFrom: [], code: unavailable, environment: unavailable, hardware: unavailable,
  stage: 'staging', stageSince: { at: '2026-03-01T12:00:00.000Z', action: 'created' }, audiences: [], live: [], aliases: [], tags: {}, approvals: [], artifacts: []
}
const REPORT = { ok: true, models: 1, versions: 1, events: 1, blobs: 1, bytes: 1, problems: [] }

type Respond = (request: IncomingMessage, response: ServerResponse, body: string) => void

/** A backend whose registry answers as told, and its requests. Waits are short. */
async function backendOf(respond: Respond): Promise<{ server: Server; backend: Backend; requests: { path: string; key: string | undefined; body: string }[] }> {
  const requests: { path: string; key: string | undefined; body: string }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const path = request.url ?? ''
      if (path === '/v1/registry') {
        send(response, 200, INFO)
        return
      }
      requests.push({ path, key: request.headers['idempotency-key']?.toString(), body })
      respond(request, response, body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const sleep: Sources['sleep'] = (_delayMs, signal) => systemSources.sleep(1, signal)
  const backend = await openHttpBackend({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sources: { ...systemSources, sleep } })
  onTestFinished(async () => {
    await backend.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { server, backend, requests }
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}

function event(response: ServerResponse, name: string, value: unknown): void {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(`event: ${name}\ndata: ${JSON.stringify(value)}\n\n`)
}

const TRANSITION = { reference: toReference('m'), stage: 'staging' }

describe('a change', () => {
  it('whose replies are lost is asked for again with the same key', async () => {
    const { backend, requests } = await backendOf((request, response) => {
      if (requests.length < 4) request.socket.destroy()
      else send(response, 200, VERSION)
    })
    expect(await backend.transition(TRANSITION, { actor: 'ann' })).toMatchObject({ version: '1.0.0' })
    expect(requests).toHaveLength(4)
    expect(new Set(requests.map(({ key }) => key)).size).toBe(1)
    expect(requests[0]?.key).toMatch(/^[0-9a-f-]{36}$/)
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({ reference: 'm', stage: 'staging', actor: 'ann' })
  })

  it('whose replies are all lost is COMMIT_UNKNOWN, and tells the key', async () => {
    const { backend, requests } = await backendOf((request) => {
      request.socket.destroy()
    })
    const error = await errorOf(backend.transition(TRANSITION, { operationId: 'op-1' }))
    expect(error).toMatchObject({ code: 'COMMIT_UNKNOWN', details: { operationId: 'op-1' } })
    expect(requests).toHaveLength(6)
  })

  it('that is refused after a lost reply is refused: the registry knows the key', async () => {
    const { backend, requests } = await backendOf((request, response) => {
      if (requests.length === 1) request.socket.destroy()
      else send(response, 409, { error: { code: 'CONFLICT', message: 'another is live', retryable: false } })
    })
    expect(await errorOf(backend.transition(TRANSITION, {}))).toMatchObject({ code: 'CONFLICT' })
  })

  it.each([
    [401, 'UNAUTHENTICATED', false],
    [403, 'FORBIDDEN', false],
    [429, 'TOO_MANY_REQUESTS', true],
    [500, 'IO', false],
    [503, 'CLOSED', true]
  ])('whose reply was lost is COMMIT_UNKNOWN when %i %s is all that comes then: that says nothing of the key', async (status, code, retryable) => {
    const { backend, requests } = await backendOf((request, response) => {
      if (requests.length === 1) request.socket.destroy()
      else send(response, status, { error: { code, message: 'because', retryable } })
    })
    expect(await errorOf(backend.transition(TRANSITION, { operationId: 'op-1' }))).toMatchObject({ code: 'COMMIT_UNKNOWN', details: { operationId: 'op-1' } })
  })

  it('that was made is not told as if it were not, when the artifacts of a large version cannot be read', async () => {
    const { backend } = await backendOf((request, response) => {
      if (request.method === 'GET') request.socket.destroy()
      else send(response, 200, { ...VERSION, artifacts: undefined, artifactCount: 2_000 })
    })
    expect(await errorOf(backend.transition(TRANSITION, { operationId: 'op-1' }))).toMatchObject({ code: 'COMMIT_UNKNOWN', details: { operationId: 'op-1' } })
  })

  it('shows nothing of what the registry says that a terminal would obey', async () => {
    const { backend } = await backendOf((_request, response) => {
      send(response, 400, { error: { code: 'INVALID_INPUT', message: 'bad \u001b]0;title\u0007\u202e\nstemma: all is well', hint: '\u001b[2J', retryable: false } })
    })
    const { message, hint } = await errorOf(backend.transition(TRANSITION, {}))
    expect([message, hint]).toEqual(['bad \\u001b]0;title\\u0007\\u202e stemma: all is well', '\\u001b[2J'])
  })

  it('sends a key that is no header as its digest', async () => {
    const { backend, requests } = await backendOf((_request, response) => {
      send(response, 200, VERSION)
    })
    await backend.transition(TRANSITION, { operationId: 'Änderung 1\r\nX: y' })
    expect(requests[0]?.key).toMatch(/^sha256:[0-9a-f]{64}$/)
  })
})

describe('long work', () => {
  it('tells its progress, then its result', async () => {
    const { backend } = await backendOf((_request, response) => {
      event(response, 'progress', { phase: 'verify', doneBytes: 1, totalBytes: 2 })
      response.write(': still here\n\n')
      event(response, 'result', REPORT)
      response.end()
    })
    const seen: number[] = []
    expect(await backend.verify({}, { onProgress: ({ doneBytes }) => seen.push(doneBytes) })).toEqual(REPORT)
    expect(seen).toEqual([1])
  })

  it('fails as the registry says', async () => {
    const { backend } = await backendOf((_request, response) => {
      event(response, 'error', { error: { code: 'NOT_FOUND', message: 'no such version', retryable: false } })
      response.end()
    })
    expect(await errorOf(backend.verify({}, {}))).toMatchObject({ code: 'NOT_FOUND' })
  })

  it.each([
    ['an event that is no JSON', 'event: result\ndata: {\n\n'],
    ['a result of another kind', 'event: result\ndata: {"ok":1}\n\n'],
    ['progress of another kind', 'event: progress\ndata: []\n\n']
  ])('%s is a PROTOCOL_ERROR', async (_title, text) => {
    const { backend } = await backendOf((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(text)
    })
    expect(await errorOf(backend.verify({}, { onProgress: () => undefined }))).toMatchObject({ code: 'PROTOCOL_ERROR' })
  })

  it('that is cut off is REGISTRY_UNAVAILABLE', async () => {
    const { backend, requests } = await backendOf((_request, response) => {
      event(response, 'progress', { phase: 'verify', doneBytes: 1 })
      response.end()
    })
    expect(await errorOf(backend.verify({}, {}))).toMatchObject({ code: 'REGISTRY_UNAVAILABLE' })
    expect(requests).toHaveLength(1)
  })

  it('that changes something is asked for again with the same key when it is cut off, and COMMIT_UNKNOWN in the end', async () => {
    let cuts = 2
    const { backend, requests } = await backendOf((request, response) => {
      event(response, 'progress', { phase: 'verify', doneBytes: 1 })
      if (requests.length <= cuts) {
        setImmediate(() => request.socket.destroy())
        return
      }
      event(response, 'result', VERSION)
      response.end()
    })
    const request = { name: 'm', audience: 'default', to: toReference('m#3') }
    expect(await backend.rollback(request, { operationId: 'op' })).toMatchObject({ version: '1.0.0' })
    expect(requests.map(({ key }) => key)).toEqual(['op', 'op', 'op'])
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({ name: 'm', audience: 'default', to: '#3' })
    cuts = 100
    expect(await errorOf(backend.rollback(request, { operationId: 'op-2' }))).toMatchObject({ code: 'COMMIT_UNKNOWN', details: { operationId: 'op-2' } })
  })
})

it('a change that was cut off is COMMIT_UNKNOWN, too, when nobody answers any more', async () => {
  const { server, backend } = await backendOf((request, response) => {
    event(response, 'progress', { phase: 'verify', doneBytes: 1 })
    setImmediate(() => {
      server.close()
      request.socket.destroy()
    })
  })
  const request = { name: 'm', audience: 'default', to: toReference('m#3') }
  expect(await errorOf(backend.rollback(request, { operationId: 'op' }))).toMatchObject({ code: 'COMMIT_UNKNOWN', details: { operationId: 'op' } })
})

describe('changes', () => {
  it('are followed over cuts and ends of the stream', async () => {
    const { backend, requests } = await backendOf((request, response) => {
      event(response, 'change', { name: 'm' })
      if (requests.length === 1) setImmediate(() => request.socket.destroy())
      if (requests.length === 2) response.end()
    })
    const changes = backend.changes('m', {})[Symbol.asyncIterator]()
    for (let count = 0; count < 3; count += 1) expect((await changes.next()).done).toBe(false)
    expect(requests).toHaveLength(3)
    const next = changes.next()
    await backend.close()
    expect((await next).done).toBe(true)
    expect(await errorOf(backend.changes('m', {})[Symbol.asyncIterator]().next())).toMatchObject({ code: 'CLOSED' })
  })
})

describe('lists', () => {
  it('come in pages, asked for as they are read', async () => {
    const { backend, requests } = await backendOf((request, response) => {
      const cursor = new URL(request.url ?? '', 'http://x').searchParams.get('cursor')
      send(response, 200, { items: [{ ...VERSION, sequence: cursor === null ? 2 : 1 }], next: cursor === null ? 'c/1?' : null })
    })
    expect((await all(backend.versions('m', { includeDeleted: true }))).map(({ sequence }) => sequence)).toEqual([2, 1])
    expect(requests.map(({ path }) => path)).toEqual(['/v1/versions?name=m&includeDeleted=true', '/v1/versions?name=m&includeDeleted=true&cursor=c%2F1%3F'])
  })

  it('without end are a PROTOCOL_ERROR', async () => {
    const { backend } = await backendOf((_request, response) => {
      send(response, 200, { items: [VERSION], next: 'same' })
    })
    expect(await errorOf(all(backend.search(parseSearch(), {})))).toMatchObject({ code: 'PROTOCOL_ERROR' })
  })
})

describe('opening', () => {
  it.each([
    ['a service of another kind', 200, { ...INFO, server: 'nginx/1.2' }, 'PROTOCOL_ERROR'],
    ['something that has no such route', 404, { error: { code: 'NOT_FOUND', message: 'no route', retryable: false } }, 'PROTOCOL_ERROR'],
    ['a registry that does not know the token', 401, { error: { code: 'UNAUTHENTICATED', message: 'no', retryable: false } }, 'UNAUTHENTICATED']
  ])('%s is rejected', async (_title, status, body, code) => {
    const server = createServer((_request, response) => {
      send(response, status, body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.close()
    })
    const opening = openHttpBackend({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sources: systemSources })
    expect(await errorOf(opening)).toMatchObject({ code })
  })
})

describe('an upload', () => {
  const CHUNK = INFO.limits.chunkBytes
  const offsetOf = (request: IncomingMessage): number => Number(request.headers['upload-offset'])
  const bytes = Buffer.alloc(3 * CHUNK, 7)

  /** A registry that tells where an upload is as `answer` says. */
  function uploadsBy(answer: (request: IncomingMessage, response: ServerResponse) => void): Respond {
    return (request, response, body) => {
      if (request.url === '/v1/blobs/keep') send(response, 200, { missing: (JSON.parse(body) as { digests: string[] }).digests })
      else if (request.url === '/v1/uploads') send(response, 202, { id: 'u', offset: 0, chunkBytes: CHUNK })
      else answer(request, response)
    }
  }
  function toldOffset(response: ServerResponse, offset: number): void {
    response.setHeader('upload-offset', offset)
    send(response, 409, { error: { code: 'CONFLICT', message: 'it is elsewhere', retryable: false } })
  }
  const put = (backend: Backend): Promise<unknown> => backend.putBlobs([{ kind: 'bytes', label: 'w.bin', bytes }], {})
  const patches = (requests: readonly { path: string }[]): number => requests.filter(({ path }) => path === '/v1/uploads/u').length

  it('whose registry tells offsets to and fro is given up', async () => {
    const { backend, requests } = await backendOf(
      uploadsBy((request, response) => {
        toldOffset(response, offsetOf(request) === 0 ? CHUNK : 0)
      })
    )
    expect(await errorOf(put(backend))).toMatchObject({ code: 'PROTOCOL_ERROR', details: { from: CHUNK, to: 0 } })
    expect(patches(requests)).toBe(42)
  })

  it('whose registry takes all of it and never has it is given up', async () => {
    const { backend, requests } = await backendOf(
      uploadsBy((request, response) => {
        if (request.method === 'PUT') toldOffset(response, 0)
        else response.writeHead(204, { 'upload-offset': offsetOf(request) + Number(request.headers['content-length']) }).end()
      })
    )
    expect(await errorOf(put(backend))).toMatchObject({ code: 'PROTOCOL_ERROR', details: { from: bytes.byteLength, to: 0 } })
    expect(patches(requests)).toBeLessThan(90)
  })

  it('whose registry lost bytes now and then goes on', async () => {
    let [durable, losses] = [0, 0]
    const { backend } = await backendOf(
      uploadsBy((request, response) => {
        if (request.method === 'PUT') {
          send(response, 201, { digest: new URL(request.url ?? '', 'http://x').searchParams.get('digest'), sizeBytes: bytes.byteLength, existed: false })
        } else if (durable === 2 * CHUNK && losses < 5) {
          losses += 1
          durable = 0
          toldOffset(response, 0)
        } else if (offsetOf(request) !== durable) toldOffset(response, durable)
        else {
          durable += Number(request.headers['content-length'])
          response.writeHead(204, { 'upload-offset': durable }).end()
        }
      })
    )
    expect(await put(backend)).toMatchObject([{ sizeBytes: bytes.byteLength }])
    expect(losses).toBe(5)
  })
})
