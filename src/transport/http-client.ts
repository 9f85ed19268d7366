import axios, { type AxiosProxyConfig, type InternalAxiosRequestConfig } from 'axios'
import http from 'node:http'
import https from 'node:https'
import { Readable } from 'node:stream'
import type { Endpoint, ReplyHeaders } from './endpoint.js'
import type { TlsSettings } from './transport.js'

/** One exchange: a request, and the head of what came back. */
export interface HttpRequest {
  readonly url: URL
  readonly method: Endpoint['method']
  readonly headers: Readonly<Record<string, string>>
  readonly data: Buffer | Readable | undefined
  readonly signal: AbortSignal
  /** `own`: connections to the registry, kept alive unless told otherwise; `events`: one each, beyond their number; `foreign`: never used again. */
  readonly pool: 'own' | 'events' | 'foreign'
  /** Of the host, when it was looked up and checked before: no other one is connected to. */
  readonly address?: string | undefined
  /** Socket silence after which it gives up, in case the watchdog did not. */
  readonly timeoutMs: number
  /** The connection stands: the request may arrive. */
  readonly onConnected: () => void
}

/** The head of a reply, and its bytes. */
export interface HttpReply {
  readonly status: number
  readonly headers: ReplyHeaders
  readonly stream: Readable
  /** Ends the request, whatever of it was not sent, and its connection. */
  abandon: () => void
}

/** The HTTP client, and the only place that knows which one it is. */
export interface HttpClient {
  /** Rejects with what axios throws, which holds the token: callers look at its `code` only. */
  exchange(request: HttpRequest): Promise<HttpReply>
  close(): void
}

/** How requests reach the net; see `TransportOptions.proxy`. */
export type ProxySetting = 'none' | 'environment' | AxiosProxyConfig

/** What {@link createHttpClient} needs. */
export interface HttpClientSettings {
  readonly proxy: ProxySetting
  readonly maxSockets: number
  /** @default what Node trusts */
  readonly tls?: TlsSettings | undefined
  /** @default true */
  readonly keepAlive?: boolean | undefined
}

/**
 * Makes the client: axios, with everything that it does unasked switched off. Its adapter is called directly: what axios does before and after,
 * to merge settings and to transform bodies, has nothing to do here and takes longer than the adapter itself.
 */
export function createHttpClient({ proxy, maxSockets, tls, keepAlive = true }: HttpClientSettings): HttpClient {
  const kept: http.AgentOptions = keepAlive ? { keepAlive, keepAliveMsecs: KEEP_ALIVE_MS, maxFreeSockets: maxSockets, scheduling: 'lifo' } : { keepAlive }
  const own = agents({ ...kept, maxSockets }, tls)
  const events = agents({ keepAlive: false }, tls)
  const foreign = agents({ keepAlive: false, maxSockets })
  const pools = { own, events, foreign }
  const proxied = proxy === 'environment' ? {} : { proxy: proxy === 'none' ? (false as const) : proxy }
  const send = axios.getAdapter('http')
  return {
    async exchange(request) {
      const { url, address } = request
      const headers = { ...request.headers, 'accept-encoding': 'identity' }
      const isDirect = proxy === 'none'
      const watched = watchedTransport(url.protocol === 'https:' ? https : http, request.onConnected, isDirect ? headers : undefined)
      const config: InternalAxiosRequestConfig = Object.assign(new Settings(), proxied, pools[request.pool], {
        url: url.href,
        method: request.method,
        // Those of a direct request go past axios, which looks for each of them among all, several times.
        headers: new axios.AxiosHeaders(isDirect ? {} : headers),
        data: request.data,
        signal: request.signal,
        timeout: request.timeoutMs,
        transport: watched.transport,
        ...(address === undefined ? {} : { lookup: pinned(address) })
      })
      const reply = await send(config)
      return { status: reply.status, headers: watched.headers(), stream: asStream(reply.data), abandon: watched.abandon }
    },
    close() {
      for (const { httpAgent, httpsAgent } of Object.values(pools)) {
        httpAgent.destroy()
        httpsAgent.destroy()
      }
    }
  }
}

/**
 * The settings of a request to begin with. As with those that axios makes before it calls its adapter, nothing that somebody put into all objects
 * becomes one of them; a class for it, since V8 keeps an object without a prototype as a table, which takes longer to read.
 */
class Settings {
  readonly maxRedirects = 0
  readonly responseType = 'stream'
  readonly decompress = false
  // Bodies are bytes of a known length by now, and every reader counts what it reads: limits of axios would put a stream more in between.
  readonly maxBodyLength = -1
  readonly maxContentLength = -1
  readonly insecureHTTPParser = false
  readonly validateStatus = (): boolean => true
}
Object.setPrototypeOf(Settings.prototype, null)

/** What axios sets for each request: another value here would be two more system calls for each. */
const KEEP_ALIVE_MS = 60_000

function agents(options: http.AgentOptions, tls?: TlsSettings): { httpAgent: http.Agent; httpsAgent: https.Agent } {
  return { httpAgent: new http.Agent(options), httpsAgent: new https.Agent({ ...options, ...tls }) }
}

/** What axios takes for a transport. */
interface NodeTransport {
  request(options: http.RequestOptions, onResponse: (response: http.IncomingMessage) => void): http.ClientRequest
}

interface WatchedTransport {
  readonly transport: NodeTransport
  /** Those of the reply: axios would copy them into a class of its own. */
  headers: () => ReplyHeaders
  abandon: () => void
}

/**
 * Node's own request, which also tells when the connection stands, and can be ended when axios has let go of it.
 *
 * @param direct the headers of a request without a proxy; `undefined`: those that axios gives, which knows what a proxy wants.
 */
function watchedTransport(module: { request: typeof http.request }, onConnected: () => void, direct: http.OutgoingHttpHeaders | undefined): WatchedTransport {
  let request: http.ClientRequest | undefined
  let headers: ReplyHeaders = {}
  const transport: NodeTransport = {
    request(options, onResponse) {
      request = module.request(direct ? directOptions(options, direct) : options, (response) => {
        headers = plainHeaders(response.headers)
        response.headers = {}
        onResponse(response)
      })
      request.once('socket', (socket) => {
        if (!socket.connecting) onConnected()
        else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', onConnected)
      })
      return request
    }
  }
  return { transport, headers: () => headers, abandon: () => request?.destroy() }
}

/** What Node needs of a request without a proxy: it copies its options three times, and half of what axios gives is for redirects and HTTP/2. */
function directOptions({ protocol, hostname, port, path, method, agent, auth, lookup }: http.RequestOptions, headers: http.OutgoingHttpHeaders): http.RequestOptions {
  return {
    protocol,
    hostname,
    port,
    path,
    method,
    headers,
    agent,
    auth,
    ...(lookup === undefined ? {} : { lookup }),
    // Named, so that no value that somebody put into all objects takes their place.
    socketPath: undefined,
    createConnection: undefined,
    insecureHTTPParser: false
  }
}

function pinned(address: string): (hostname: string, options: object, done: (error: null, addresses: { address: string; family: 4 | 6 }[]) => void) => void {
  return (_hostname, _options, done) => {
    done(null, [{ address, family: address.includes(':') ? 6 : 4 }])
  }
}

function plainHeaders(headers: http.IncomingHttpHeaders): ReplyHeaders {
  const plain: [string, string][] = []
  for (const [name, value] of Object.entries(headers)) if (typeof value === 'string') plain.push([name, value])
  return Object.fromEntries(plain)
}

function asStream(data: unknown): Readable {
  if (data instanceof Readable) return data
  throw new TypeError('the HTTP client gave no stream')
}
