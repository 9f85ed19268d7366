import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { StemmaError } from '../errors/stemma-error.js'
import { systemErrorCode } from '../io/system-error.js'
import { accessEntry, openAccessLog, outcomeOf } from './access-log.js'
import type { TokenSource } from './admit.js'
import { openByteHandlers } from './byte-handlers.js'
import { answerClientError } from './client-error.js'
import type { ServerContext } from './context.js'
import { createDispatch } from './dispatch.js'
import { openExchange, type Exchange } from './exchange.js'
import { guardRequest, type RequestRules } from './guard-request.js'
import { createHandlers } from './handlers.js'
import { addressOf, allowedHostsOf } from './hosts.js'
import { actorOf } from './json/actor.js'
import { sendVersion } from './json/to-wire.js'
import { openMetrics } from './operators/metrics.js'
import { refusal } from './refusal.js'
import { giveUpWhenStalled } from './reply.js'
import { sendError } from './send-error.js'
import type { ServerSettings } from './server-options.js'
import { createSlots } from './slots.js'
import { trafficOf } from './traffic.js'

/** A server that answers the connections that it is given. */
export interface AnsweringServer {
  readonly server: Server
  /** Which requests are answered. */
  readonly rules: RequestRules
  /** Ends it: what runs has `graceMs` to finish. */
  stop(graceMs: number): Promise<void>
}

/** A server that listens. */
export interface RunningServer {
  readonly url: string
  readonly port: number
  /** Values of `Host` that are answered. */
  readonly hosts: readonly string[]
  /** Ends it: what runs has `graceMs` to finish. */
  stop(graceMs: number): Promise<void>
}

/** Requests that wait on one connection, each with its headers; who sends more is cut off. */
const MAX_PIPELINED = 64

/** Listens, and answers until it is stopped. */
export async function startHttp(context: ServerContext, settings: ServerSettings, own: { tokens: TokenSource; ownsRegistry: boolean }): Promise<RunningServer> {
  const { server, rules, ...answering } = await createHttp(context, settings, own.tokens)
  const port = await listen(server, settings).catch(async (error: unknown) => {
    await answering.stop(0)
    throw error
  })
  rules.hosts = allowedHostsOf(settings.host, port, settings.allowedHosts)
  return {
    url: addressOf(settings.host, port),
    port,
    hosts: [...rules.hosts],
    async stop(graceMs) {
      await answering.stop(graceMs)
      if (own.ownsRegistry) await context.registry.close()
    }
  }
}

/** A server that does not listen yet, and answers for no host until its rules name some. */
export async function createHttp(context: ServerContext, settings: ServerSettings, tokens: TokenSource): Promise<AnsweringServer> {
  const { sources, limits, closing } = context
  const running = new Set<Exchange>()
  const log = openAccessLog(settings.accessLog)
  const rules: RequestRules = { hosts: new Set(), origins: new Set(settings.allowedOrigins), maxUrlBytes: limits.maxUrlBytes }
  const bytes = await openByteHandlers(context, { actorOf: ({ caller }, said) => actorOf(caller, said), sendVersion })
  const watchers = createSlots('streams of changes')
  const metrics = settings.metrics
    ? await openMetrics({ running: () => running.size, watchers: () => watchers.count(), openUploads: () => bytes.openUploads() })
    : undefined
  const handlers = createHandlers(context, { bytes, watchers, metrics, tokens })
  const dispatch = createDispatch({ context, handlers, tokens, requests: createSlots('requests') })

  const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse, awaitsContinue: boolean): void => {
    const traffic = trafficOf(incoming.socket)
    const exchange = openExchange(incoming, outgoing, sources)
    exchange.awaitsContinue = awaitsContinue
    // A reply that is all there waits for its client alone.
    outgoing.once('prefinish', () => {
      giveUpWhenStalled(outgoing, limits.stallTimeoutMs)
    })
    running.add(exchange)
    void exchange.ended.then(() => {
      running.delete(exchange)
      const outcome = outcomeOf(exchange, traffic(), sources)
      metrics?.count(outcome)
      log?.(accessEntry(exchange, outcome, sources))
    })
    if (exchange.inConnection > MAX_PIPELINED) incoming.socket.destroy()
    else void answer(exchange)
  }
  const answer = async (exchange: Exchange): Promise<void> => {
    const { incoming, turn } = exchange
    try {
      if (turn !== undefined) {
        // One at a time on a connection: the replies to all others would be held for a client that may read slowly.
        await turn
        if (!incoming.socket.writable) return
      }
      if (closing.aborted) throw refusal('CLOSED', 'the server is stopping', { headers: { connection: 'close' } }, { retryable: true })
      guardRequest(incoming, rules)
      await dispatch(exchange)
    } catch (error) {
      await sendError(context, exchange, error)
    }
  }
  const server = createServer({
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: limits.connectionsCheckingIntervalMs,
    requireHostHeader: false,
    noDelay: true
  })
  server.maxConnections = limits.maxConnections
  server.maxRequestsPerSocket = limits.maxRequestsPerSocket
  server.on('request', (incoming, outgoing) => {
    onRequest(incoming, outgoing, false)
  })
  server.on('checkContinue', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    onRequest(incoming, outgoing, true)
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const entry = answerClientError(error, socket, running, sources)
    if (entry === undefined) return
    metrics?.count(entry)
    log?.(entry)
  })
  return {
    server,
    rules,
    async stop(graceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => { resolve() }))
      for (const { outgoing } of running) outgoing.shouldKeepAlive = false
      const over = new AbortController()
      const finished = Promise.all([...running].map(({ ended }) => ended))
      await Promise.race([finished, sources.sleep(graceMs, over.signal).catch(() => undefined)])
      over.abort()
      const rest = [...running]
      for (const exchange of rest) exchange.abort(new StemmaError('CLOSED', 'the server stopped before this was done'))
      await Promise.all(rest.map(({ ended }) => ended))
      server.closeAllConnections()
      await closed
      await bytes.close()
    }
  }
}

const PORT_HINT = 'Choose another port with --port (createServer: port), or 0 for any that is free.'
const HOST_HINT = 'Choose an address of this machine with --host (createServer: host), for instance 127.0.0.1, or 0.0.0.0 for all that it has.'
const HINTS: ReadonlyMap<string | undefined, string> = new Map([
  ['ENOTFOUND', HOST_HINT],
  ['EAI_AGAIN', HOST_HINT],
  ['EADDRNOTAVAIL', HOST_HINT],
  ['EAFNOSUPPORT', HOST_HINT],
  ['EINVAL', HOST_HINT],
  ['EACCES', 'Ports below 1024 are for the administrator: choose a higher one with --port (createServer: port), and let a proxy listen below.']
])

/** @returns the port that is listened on. @throws {StemmaError} INVALID_INPUT */
async function listen(server: Server, { host, port }: ServerSettings): Promise<number> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, host, () => {
        server.off('error', reject)
        resolve()
      })
    })
  } catch (error) {
    const code = systemErrorCode(error)
    throw new StemmaError('INVALID_INPUT', `cannot listen on ${host}:${port}: ${code ?? 'it fails'}`, {
      hint: HINTS.get(code) ?? PORT_HINT,
      details: { host, port },
      cause: error
    })
  }
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}
