import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBlobMethods } from '../../src/backends/http/bytes/blob-methods.js'
import type { BytesContext } from '../../src/backends/http/bytes/bytes-context.js'
import type { Backend } from '../../src/backends/backend.js'
import { openKnownDigests } from '../../src/artifacts/cache/known-digests.js'
import { nodeStoreFs } from '../../src/io/node-store-fs.js'
import { openRegistry } from '../../src/registry/open-registry.js'
import type { Registry } from '../../src/registry/registry.js'
import { contextOf } from '../../src/registry/registry-context.js'
import { createServer } from '../../src/server/create-server.js'
import { createTransport } from '../../src/transport/create-transport.js'
import type { TransportLimits } from '../../src/transport/transport.js'
import { systemSources, type Sources } from '../../src/util/sources.js'
import { decodeError, errorBodySchema } from '../../src/wire/error-body.js'
import { DEFAULT_CHUNK_BYTES, MAX_BATCH_BLOB_BYTES, MAX_BATCH_BLOBS, MAX_BATCH_BYTES } from '../../src/wire/limits.js'
import { startFaultProxy, type FaultProxy } from './fault-proxy.js'

/** A server on a socket, a proxy before it that can do harm, and the byte methods of a client behind that. */
export interface ByteFixture {
  backend: Pick<Backend, 'keepBlobs' | 'putBlobs' | 'openBlob'>
  /** The server's own backend. */
  served: Backend
  proxy: FaultProxy
  /** A folder of its own. */
  folder: string
  /** Requests by route, `PATCH /v1/uploads/{id}`, since the start. */
  requests: string[]
  close(): Promise<void>
}

/** What a fixture is made with. */
export interface ByteFixtureOptions {
  /** @default 'memory:' */
  registry?: string | undefined
  /** Folder in which that of the fixture is made. @default the system's */
  parent?: string | undefined
  chunkBytes?: number | undefined
  limits?: Partial<TransportLimits> | undefined
  /** Whether digests are remembered. @default false */
  remembers?: boolean | undefined
  sources?: Sources | undefined
}

/** Starts a server, a proxy and a client. */
export async function startByteFixture(options: ByteFixtureOptions = {}): Promise<ByteFixture> {
  const folder = mkdtempSync(join(options.parent ?? tmpdir(), 'stemma-bytes-'))
  const sources = options.sources ?? systemSources
  const registry = await openRegistry(options.registry ?? 'memory:', { durability: 'none', cache: join(folder, 'server-cache') })
  let port = 0
  const proxy = await startFaultProxy(() => port)
  const server = createServer({ registry, port: 0, allowedHosts: [`127.0.0.1:${proxy.port}`] })
  port = Number(new URL(await server.listen()).port)
  const requests: string[] = []
  const transport = createTransport({
    baseUrl: proxy.url,
    userAgent: 'test',
    sources,
    parseJson: (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as unknown,
    readError: (body) => {
      const parsed = errorBodySchema.safeParse(body)
      return parsed.success ? decodeError(parsed.data) : undefined
    },
    limits: { tickMs: 20, ...options.limits }
  })
  const counting: BytesContext['transport'] = {
    ...transport,
    json: (endpoint, call) => {
      requests.push(`${endpoint.method} ${endpoint.path}`)
      return transport.json(endpoint, call)
    },
    send: (endpoint, call) => {
      requests.push(`${endpoint.method} ${endpoint.path}`)
      return transport.send(endpoint, call)
    }
  }
  const limits = { chunkBytes: options.chunkBytes ?? DEFAULT_CHUNK_BYTES, batchBlobs: MAX_BATCH_BLOBS, batchBlobBytes: MAX_BATCH_BLOB_BYTES, batchBytes: MAX_BATCH_BYTES }
  const known = options.remembers === true ? openKnownDigests(join(folder, 'cache'), nodeStoreFs, sources) : undefined
  return {
    backend: createBlobMethods({ transport: counting, sources, known, limits: () => limits }),
    served: contextOf(registry).backend,
    proxy,
    folder,
    requests,
    async close() {
      transport.close()
      await proxy.close()
      await server.close({ graceMs: 0 })
      await registry.close()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** A registry over HTTP, behind the proxy of a fixture; the caller closes it. */
export async function createHttpRegistry({ proxy, folder }: ByteFixture, sources: Sources): Promise<Registry> {
  return openRegistry(proxy.url, { cache: join(folder, 'client-cache'), sources })
}

/** All bytes of a blob. */
export async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}
