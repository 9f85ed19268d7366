import { once } from 'node:events'
import { createServer, request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { Registry } from '../../src/registry/registry.js'
import { contextOf } from '../../src/registry/registry-context.js'
import { openByteHandlers } from '../../src/server/byte-handlers.js'
import type { ByteHandlers, ByteRoute, ServerContext } from '../../src/server/context.js'
import { openExchange } from '../../src/server/exchange.js'
import { DEFAULT_LIMITS, type ServerLimits } from '../../src/server/limits.js'
import { sendJson } from '../../src/server/reply.js'
import { sendError } from '../../src/server/send-error.js'
import { systemSources } from '../../src/util/sources.js'
import { formatChecksum, updateChecksum } from '../../src/wire/chunk-checksum.js'
import { ROUTES } from '../../src/wire/routes.js'

/** The routes that move bytes, on a socket of this machine, and nothing around them. The header `x-owner` stands for a token. */
export interface ByteServer {
  port: number
  bytes: ByteHandlers
  send(method: string, path: string, options?: { headers?: OutgoingHttpHeaders; body?: Uint8Array | string }): Promise<Reply>
  /** Sends one chunk, as a client does. */
  sendChunk(id: string, offset: number, chunk: Uint8Array, headers?: OutgoingHttpHeaders): Promise<Reply>
  close(): Promise<void>
}

/** A reply, read to its end. */
export interface Reply {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
  /** The body as JSON. */
  json(): Record<string, unknown>
  /** The code of the error that it tells. */
  code(): unknown
  offset(): number
}

const BYTE_ROUTES: readonly ByteRoute[] = ['keepBlobs', 'putBlobs', 'blob', 'blobSize', 'startUpload', 'uploadOffset', 'uploadChunk', 'finishUpload', 'cancelUpload', 'publish']

/** Starts the byte routes over a registry; they stop when the test is over. */
export async function startByteServer(registry: Registry, limits: Partial<ServerLimits> = {}, scopes: Reply['headers'][string] = 'admin'): Promise<ByteServer> {
  const closing = new AbortController()
  const context: ServerContext = {
    registry,
    backend: contextOf(registry).backend,
    sources: systemSources,
    logger: { error: (message, data) => { throw new Error(`${message}: ${String(data?.['error'])}`) } },
    limits: { ...DEFAULT_LIMITS, ...limits },
    closing: closing.signal
  }
  const bytes = await openByteHandlers(context, {
    actorOf: (_, said) => said,
    sendVersion: (call, version) => {
      sendJson(call.outgoing, call.route.status, version)
    }
  })
  const server = createServer((incoming, outgoing) => {
    const exchange = openExchange(incoming, outgoing, systemSources)
    const [path = '', query = ''] = (incoming.url ?? '').split('?')
    const found = BYTE_ROUTES.map((name) => ({ name, params: paramsOf(ROUTES[name].path, path), method: ROUTES[name].method })).find((route) => route.params !== undefined && route.method === incoming.method)
    const owner = incoming.headers['x-owner']
    if (!found) throw new Error(`no such route: ${incoming.method ?? ''} ${path}`)
    const call = {
      name: found.name,
      route: ROUTES[found.name],
      incoming,
      outgoing,
      params: found.params ?? {},
      query: Object.fromEntries(new URLSearchParams(query)),
      requestId: exchange.requestId,
      caller: { name: typeof owner === 'string' ? owner : undefined, scopes: scopes === 'admin' ? (['read', 'write', 'promote', 'admin'] as const) : (['write'] as const) },
      operationId: incoming.headersDistinct['idempotency-key']?.[0],
      signal: exchange.signal
    }
    bytes.handlers[found.name](call).catch((error: unknown) => sendError(context, exchange, error))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const send: ByteServer['send'] = (method, path, options = {}) => sendRequest(port, method, path, options)
  let closed: Promise<void> | undefined
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    server.close()
    await bytes.close()
  }
  const result: ByteServer = {
    port,
    bytes,
    send,
    sendChunk: (id, offset, chunk, headers = {}) =>
      send('PATCH', `/v1/uploads/${id}`, { body: chunk, headers: { 'upload-offset': offset, 'upload-checksum': formatChecksum(updateChecksum(chunk)), ...headers } }),
    close: () => (closed ??= close())
  }
  onTestFinished(() => result.close())
  return result
}

function paramsOf(pattern: string, path: string): Record<string, string> | undefined {
  const names = [...pattern.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
  const match = new RegExp(`^${pattern.replace(/\{\w+\}/g, '([^/]+)')}$`).exec(path)
  return match ? Object.fromEntries(names.map((name, index) => [name, match[index + 1] ?? ''])) : undefined
}

function sendRequest(port: number, method: string, path: string, { headers = {}, body }: { headers?: OutgoingHttpHeaders; body?: Uint8Array | string }): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const outgoing = request({ port, host: '127.0.0.1', method, path, headers: { ...length, ...headers }, agent: false }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('error', reject)
      incoming.on('end', () => {
        const bytes = Buffer.concat(chunks)
        const json = (): Record<string, unknown> => JSON.parse(bytes.toString()) as Record<string, unknown>
        const code = (): unknown => (json()['error'] as { code?: unknown } | undefined)?.code
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: bytes, json, code, offset: () => Number(incoming.headers['upload-offset'] ?? Number.NaN) })
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
