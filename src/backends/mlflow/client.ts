import type * as z from 'zod'
import { StemmaError } from '../../errors/stemma-error.js'
import { createTransport } from '../../transport/create-transport.js'
import type { BytesReply, Endpoint, JsonEndpoint, RequestBody } from '../../transport/endpoint.js'
import { resolveHost } from '../../transport/redirect.js'
import { LIBRARY } from '../../util/library.js'
import type { CallOptions } from '../../util/options.js'
import type { Sources } from '../../util/sources.js'
import type { Credentials } from './credentials.js'
import { inOurWords, readMlflowError } from './mlflow-error.js'
import { createObjectStores, type ObjectStores } from './object-stores.js'

/** Most bytes of one answer of JSON: a page of the journal. */
const MAX_JSON_BYTES = 536_870_912
const PROXY_VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY']

/** What a call of JSON takes. */
export interface MlflowCall extends CallOptions {
  readonly query?: Readonly<Record<string, string | number | undefined>> | undefined
  readonly body?: unknown
  /** Whether it does no harm to send it twice. @default true */
  readonly isReplayable?: boolean | undefined
}

/** What a server with an object store behind it offers, as far as it was asked; `undefined`: not yet. */
export interface Offers {
  /** Files in parts, put into the store. */
  multipart: boolean | undefined
  /** Signed addresses to read from the store. */
  downloads: boolean | undefined
}

/** Requests to one MLflow server. Every failure is a StemmaError without a secret, or `signal.reason`. */
export interface MlflowClient {
  /** The address, without credentials. */
  readonly baseUrl: string
  /** What the server was found to offer besides. */
  readonly offers: Offers
  /** The object stores that it signs addresses of. */
  readonly stores: ObjectStores
  call<T extends z.ZodType>(endpoint: JsonEndpoint<T>, call: MlflowCall): Promise<z.output<T>>
  /** Sends a file, with its length. */
  upload(endpoint: Endpoint, body: RequestBody, options: CallOptions & { onSent?: ((bytes: number) => void) | undefined }): Promise<void>
  /** Asks for bytes; statuses 200 and 206 are answers. */
  download(endpoint: Endpoint, options: CallOptions & { start?: number | undefined; query?: Readonly<Record<string, string>> | undefined }): Promise<BytesReply>
  close(): void
}

/** What {@link createMlflowClient} needs. */
export interface MlflowClientOptions {
  readonly baseUrl: string
  readonly credentials: Credentials
  readonly sources: Sources
  /** @default 'environment' */
  readonly proxy?: string | undefined
  /** @default 120_000 */
  readonly timeoutMs?: number | undefined
  /** Where proxies are named, for `environment`. @default none */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
}

/** Makes a client; nothing is sent until it is called. */
export function createMlflowClient({ baseUrl, credentials, sources, proxy = 'environment', timeoutMs = 120_000, environment = {} }: MlflowClientOptions): MlflowClient {
  const transport = createTransport({
    baseUrl,
    userAgent: LIBRARY,
    sources,
    parseJson,
    readError: readMlflowError,
    proxy,
    tls: credentials.tls,
    // MLflow's own server sends the head and the body of a reply apart, with Nagle's algorithm on: on a connection that was used before, the body
    // waits 40 ms for this machine to confirm the head. What ends TLS before it does not, and there a connection costs more.
    keepAlive: baseUrl.startsWith('https:'),
    // Servers take a file in whole before they answer, and some of them copy it to another store meanwhile.
    limits: { maxJsonBytes: MAX_JSON_BYTES, idleMs: timeoutMs, windowMs: timeoutMs, patience: { retries: 4, totalMs: 120_000 } }
  })
  const { headers } = credentials
  const translated = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      throw inOurWords(error)
    }
  }

  const isProxied = proxy === 'environment' ? PROXY_VARIABLES.some((name) => Boolean(environment[name])) : proxy !== 'none'
  const stores = createObjectStores({ sources, rules: { server: new URL(baseUrl), isProxied, resolveHost }, proxy, timeoutMs })

  return {
    baseUrl,
    offers: { multipart: undefined, downloads: undefined },
    stores,
    call: (endpoint, { query, body, signal, isReplayable }) => translated(transport.json(endpoint, { headers, query, body, signal, isReplayable })),
    async upload(endpoint, body, { signal, onSent }) {
      await translated(transport.send(endpoint, { headers, body, signal, onSent }))
    },
    download: (endpoint, { start = 0, query, signal }) =>
      translated(
        transport.bytes(endpoint, {
          headers: { ...headers, ...(start > 0 ? { range: `bytes=${start}-` } : {}) },
          query,
          signal,
          statuses: [200, 206],
          maxBytes: Number.MAX_SAFE_INTEGER
        })
      ),
    close: () => {
      transport.close()
      stores.close()
    }
  }
}

function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  } catch {
    throw new StemmaError('PROTOCOL_ERROR', `${what} is not JSON`)
  }
}
