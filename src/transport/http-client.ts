import axios, { type AxiosInstance, type AxiosProxyConfig, type RawAxiosRequestHeaders } from 'axios'
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
  /** `own`: kept-alive connections to the registry; `events`: one each, beyond their number; `foreign`: never used again. */
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

/** Makes the client: axios, with everything that it does unasked switched off. */
export function createHttpClient({ proxy, maxSockets, tls }: { proxy: ProxySetting; maxSockets: number; tls?: TlsSettings | undefined }): HttpClient {
  const own = agents({ keepAlive: true, maxSockets, maxFreeSockets: maxSockets, scheduling: 'lifo' }, tls)
  const events = agents({ keepAlive: false }, tls)
  const foreign = agents({ keepAlive: false, maxSockets })
  const pools = { own, events, foreign }
  const client = createAxios(proxy)
  return {
    async exchange(request) {
      const { url, address } = request
      const watched = watchedTransport(url.protocol === 'https:' ? https : http, request.onConnected)
      const reply = await client.request<unknown>({
        baseURL: url.origin,
        url: url.pathname + url.search,
        method: request.method,
        headers: sentHeaders(request.headers),
        data: request.data,
        signal: request.signal,
        timeout: request.timeoutMs,
        ...pools[request.pool],
        transport: watched.transport,
        ...(address === undefined ? {} : { lookup: pinned(address) })
      })
      return { status: reply.status, headers: plainHeaders(reply.headers), stream: asStream(reply.data), abandon: watched.abandon }
    },
    close() {
      for (const { httpAgent, httpsAgent } of Object.values(pools)) {
        httpAgent.destroy()
        httpsAgent.destroy()
      }
    }
  }
}

function createAxios(proxy: ProxySetting): AxiosInstance {
  return axios.create({
    adapter: 'http',
    maxRedirects: 0,
    allowAbsoluteUrls: false,
    responseType: 'stream',
    decompress: false,
    // Bodies are bytes of a known length by now, and every reader counts what it reads: limits of axios would put a stream more in between.
    maxBodyLength: -1,
    maxContentLength: -1,
    insecureHTTPParser: false,
    validateStatus: () => true,
    transformRequest: [(data: unknown) => data],
    transformResponse: [(data: unknown) => data],
    ...(proxy === 'environment' ? {} : { proxy: proxy === 'none' ? false : proxy })
  })
}

function agents(options: http.AgentOptions, tls?: TlsSettings): { httpAgent: http.Agent; httpsAgent: https.Agent } {
  return { httpAgent: new http.Agent(options), httpsAgent: new https.Agent({ ...options, ...tls }) }
}

/** axios would send a type of its own with a request that has no body. */
function sentHeaders(headers: Readonly<Record<string, string>>): RawAxiosRequestHeaders {
  return { ...('content-type' in headers ? {} : { 'Content-Type': false }), ...headers, 'accept-encoding': 'identity' }
}

/** What axios takes for a transport. */
interface NodeTransport {
  request(options: http.RequestOptions, onResponse: (response: http.IncomingMessage) => void): http.ClientRequest
}

/** Node's own request, which also tells when the connection stands, and can be ended when axios has let go of it. */
function watchedTransport(module: { request: typeof http.request }, onConnected: () => void): { transport: NodeTransport; abandon: () => void } {
  let request: http.ClientRequest | undefined
  const transport: NodeTransport = {
    request(options, onResponse) {
      request = module.request(options, onResponse)
      request.once('socket', (socket) => {
        if (!socket.connecting) onConnected()
        else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', onConnected)
      })
      return request
    }
  }
  return { transport, abandon: () => request?.destroy() }
}

function pinned(address: string): (hostname: string, options: object, done: (error: null, addresses: { address: string; family: 4 | 6 }[]) => void) => void {
  return (_hostname, _options, done) => {
    done(null, [{ address, family: address.includes(':') ? 6 : 4 }])
  }
}

function plainHeaders(headers: object): ReplyHeaders {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]: [string, unknown]) => (typeof value === 'string' ? [[name.toLowerCase(), value]] : [])))
}

function asStream(data: unknown): Readable {
  if (data instanceof Readable) return data
  throw new TypeError('the HTTP client gave no stream')
}
