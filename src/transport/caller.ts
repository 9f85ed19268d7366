import { newId } from '../util/new-id.js'
import { systemTicker } from '../util/sources.js'
import { makeAttempt, type AttemptContext, type OpenReply } from './attempt.js'
import type { Call, Endpoint, RequestBody } from './endpoint.js'
import { createHttpClient } from './http-client.js'
import { proxySetting } from './proxy-setting.js'
import { createReach } from './reach.js'
import { resolveHost } from './redirect.js'
import { createTargets, type RequestTarget } from './request-target.js'
import type { TransportLimits, TransportOptions } from './transport.js'
import { DEFAULT_LIMITS } from './transport-limits.js'
import { createWatchdog } from './watchdog.js'
import { withRetries } from './with-retries.js'

/** The name that the client proposes for a request goes in it. */
const REQUEST_ID = 'x-request-id'

/** How one kind of call differs from the others. */
export interface Kind {
  readonly accept: string
  readonly body?: RequestBody | undefined
  /** @default 'own' */
  readonly pool?: 'own' | 'events' | undefined
  /** @default that of the limits */
  readonly minBytes?: number | undefined
  readonly isVerified?: boolean | undefined
  readonly onSent?: ((bytes: number) => void) | undefined
}

/** Makes calls: attempts until one is read, or no further one makes sense. */
export interface Caller {
  readonly limits: TransportLimits
  /** @throws {StemmaError}, or `signal.reason`. */
  call<T>(endpoint: Endpoint, call: Call, kind: Kind, read: (reply: OpenReply, target: RequestTarget) => Promise<T>): Promise<T>
  /** A call that has no end of its own as long as something moves. */
  untimed: <T extends Call>(call: T) => T
  isOutOfReach: () => boolean
  close: () => void
}

/** @throws {StemmaError} INVALID_INPUT for a proxy that is no address. */
export function createCaller(options: TransportOptions): Caller {
  const { baseUrl, sources } = options
  const limits: TransportLimits = { ...DEFAULT_LIMITS, ...options.limits }
  const reach = createReach(sources, limits.circuitMs)
  const context = attemptContext(options, limits)
  const targetOf = createTargets(baseUrl)

  return {
    limits,
    untimed: (call) => ({ ...call, patience: call.patience ?? { ...limits.patience, totalMs: Number.POSITIVE_INFINITY } }),
    isOutOfReach: reach.isLost,
    close: () => {
      context.client.close()
    },
    call(endpoint, call, kind, read) {
      const patience = call.patience ?? limits.patience
      const { signal, isReplayable = true } = call
      const requestId = newId(sources)
      const named = targetOf(endpoint, call)
      const target = { ...named, details: { ...call.details, ...named.details, requestId } }
      const tries = { patience, signal, isReplayable, mutates: endpoint.mutates === true, what: target.what, details: target.details }
      return withRetries(tries, { sources, reach }, async (leftMs) => {
        const reply = await makeAttempt(context, {
          target,
          headers: { accept: kind.accept, [REQUEST_ID]: requestId, ...call.headers },
          body: kind.body,
          signal,
          limits: { idleMs: patience.idleMs ?? limits.idleMs, windowMs: limits.windowMs, minBytes: kind.minBytes ?? limits.minBytes, totalMs: leftMs },
          pool: kind.pool ?? 'own',
          isVerified: kind.isVerified ?? false,
          onSent: kind.onSent
        })
        return read(reply, target)
      })
    }
  }
}

function attemptContext({ baseUrl, proxy, ...options }: TransportOptions, limits: TransportLimits): AttemptContext {
  const registry = new URL(baseUrl)
  const setting = proxySetting(proxy, registry)
  return {
    client: createHttpClient({ proxy: setting, maxSockets: limits.maxSockets, tls: options.tls, keepAlive: options.keepAlive ?? true }),
    watchdog: createWatchdog(options.ticker ?? systemTicker, limits.tickMs),
    redirects: {
      origin: registry.origin,
      allowedOrigins: new Set(options.allowedRedirectOrigins),
      isProxied: setting !== 'none',
      resolveHost: options.resolveHost ?? resolveHost
    },
    token: options.token,
    userAgent: options.userAgent
  }
}
