import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { logSmall } from '../support/test-registry.js'
import { startServer, type TestServer } from './test-server.js'

function get(port: number, path: string, headers = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${headers}\r\n`
}

function post(port: number, path: string, body: unknown): string {
  const text = JSON.stringify(body)
  return `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`
}

/** A connection whose first reply, a stream of changes, has begun and never ends. */
async function busyConnection({ port, registry }: TestServer): Promise<Socket> {
  await logSmall(registry, 'm', 'a')
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => undefined)
  onTestFinished(() => {
    socket.destroy()
  })
  socket.write(get(port, '/v1/changes?name=m'))
  await once(socket, 'data')
  return socket
}

/** Two round trips on another connection: what was sent before has been read, and what could be done of it is done. */
async function settle({ url }: TestServer): Promise<void> {
  for (let count = 0; count < 2; count += 1) await (await fetch(`${url}/v1/models`)).text()
}

it('answers requests of one connection in their order', async () => {
  const server = await startServer()
  const paths = Array.from({ length: 60 }, (_, index) => (index % 3 === 0 ? '/healthz' : index % 3 === 1 ? '/nowhere' : '/v1/models'))
  const text = await server.raw(paths.map((path, index) => get(server.port, path, index === 59 ? 'Connection: close\r\n' : '')).join(''))
  expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))).toEqual(paths.map((path) => (path === '/nowhere' ? 404 : 200)))
})

it('begins a request when the one before it on its connection is answered', async () => {
  const server = await startServer()
  const { port, registry, entries } = server
  const socket = await busyConnection(server)
  socket.write(post(port, '/v1/transitions', { reference: 'm@1.0.0', stage: 'staging' }) + get(port, '/v1/versions?name=m'))
  await settle(server)
  expect((await registry.getVersion('m@1.0.0')).stage).toBe('none')
  socket.destroy()
  while (entries.filter(({ aborted }) => aborted).length < 3) await new Promise((resolve) => setImmediate(resolve))
  expect(entries.filter(({ aborted }) => aborted).map(({ route }) => route)).toEqual(['changes', undefined, undefined])
  expect((await registry.getVersion('m@1.0.0')).stage).toBe('none')
})

it('cuts a connection on which very many requests wait', async () => {
  const server = await startServer()
  const socket = await busyConnection(server)
  const closed = once(socket, 'close')
  socket.write(get(server.port, '/healthz').repeat(63))
  await settle(server)
  expect(socket.destroyed).toBe(false)
  socket.write(get(server.port, '/healthz').repeat(1_000))
  await closed
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
})

it('stops without doing what waits', async () => {
  const server = await startServer()
  const { port, registry } = server
  const socket = await busyConnection(server)
  socket.write(post(port, '/v1/transitions', { reference: 'm@1.0.0', stage: 'staging' }))
  await settle(server)
  await server.server.close({ graceMs: 60_000 })
  expect((await registry.getVersion('m@1.0.0')).stage).toBe('none')
})
