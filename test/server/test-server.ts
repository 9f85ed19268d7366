import { once } from 'node:events'
import { request, type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { onTestFinished } from 'vitest'
import * as z from 'zod'
import type { Registry } from '../../src/registry/registry.js'
import type { AccessEntry } from '../../src/server/access-log.js'
import { createServer, type StemmaServer } from '../../src/server/create-server.js'
import type { ServerOptions } from '../../src/server/server-options.js'
import { createToken, type TokenRecord } from '../../src/server/tokens.js'
import { errorBodySchema } from '../../src/wire/error-body.js'
import type { Scope } from '../../src/wire/routes.js'
import { testRegistry } from '../support/test-registry.js'

/** A reply, read to its end. */
export interface Reply {
  status: number
  headers: IncomingHttpHeaders
  text: string
  json(): Record<string, unknown>
  /** The code of the error that it tells. */
  code(): unknown
}

/** A server on a free port, and what it logged. */
export interface TestServer {
  server: StemmaServer
  registry: Registry
  url: string
  port: number
  entries: AccessEntry[]
  /** What the server told its operator. */
  told: string[]
  send: (method: string, path: string, options?: { headers?: OutgoingHttpHeaders; body?: unknown; token?: string }) => Promise<Reply>
  /** Sends bytes as they are, and gives all that comes back until the server closes the connection. */
  raw: (bytes: string | Buffer, options?: { end?: boolean }) => Promise<string>
}

/** Starts a server; it stops when the test is over. */
export async function startServer(options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const registry = typeof options.registry === 'object' ? options.registry : await testRegistry()
  const entries: AccessEntry[] = []
  const told: string[] = []
  const tell = (message: string): void => {
    told.push(message)
  }
  const server = createServer({
    port: 0,
    accessLog: (entry) => {
      entries.push(entry)
    },
    logger: { info: tell, warn: tell, error: tell },
    registry,
    ...options
  })
  const url = await server.listen()
  onTestFinished(() => server.close({ graceMs: 0 }))
  const port = Number(new URL(url).port)
  return { server, registry, url, port, entries, told, send: (method, path, sent) => send(port, method, path, sent), raw: (bytes, sent) => raw(port, bytes, sent) }
}

/** A token with a scope, and the record that the server keeps. */
export function tokenFor(scope: Scope, name = `a-${scope}`): { token: string; record: TokenRecord } {
  return createToken({ name, scopes: [scope] })
}

async function send(
  port: number,
  method: string,
  path: string,
  { headers = {}, body, token }: { headers?: OutgoingHttpHeaders; body?: unknown; token?: string } = {}
): Promise<Reply> {
  const sent = body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const outgoing = request({
    port,
    host: '127.0.0.1',
    method,
    path,
    agent: false,
    headers: {
      ...(sent === undefined ? {} : { 'content-type': 'application/json', 'content-length': sent.byteLength }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers
    }
  })
  outgoing.end(sent)
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => outgoing.on('response', resolve).on('error', reject))
  const text = Buffer.concat(await incoming.toArray()).toString()
  const json = (): Record<string, unknown> => z.record(z.string(), z.unknown()).parse(JSON.parse(text))
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, text, json, code: () => errorBodySchema.parse(json()).error.code }
}

async function raw(port: number, bytes: string | Buffer, { end = false }: { end?: boolean } = {}): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' })
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => undefined)
  if (end) socket.end(bytes)
  else socket.write(bytes)
  await once(socket, 'close')
  return Buffer.concat(chunks).toString()
}
