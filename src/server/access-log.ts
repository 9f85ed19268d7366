import type { Writable } from 'node:stream'
import { secretShapeOf } from '../record/secret-shapes.js'
import type { Sources } from '../util/sources.js'
import { ROUTES, type Route, type RouteName } from '../wire/routes.js'
import type { Exchange } from './exchange.js'
import { shownHost } from './hosts.js'

/** How a request went. */
export interface Outcome {
  /** Empty for what could not be read as a request. */
  method: string
  /** `undefined` for a path that the registry does not have. */
  route: RouteName | undefined
  status: number
  durationMs: number
  /** Bytes that came in and went out on the connection for this request, headers and all. */
  bytesIn: number
  bytesOut: number
  /** The connection ended before the reply did. */
  aborted: boolean
}

/** One request, as the access log has it. Never a token, a header or a body. */
export interface AccessEntry extends Outcome {
  /** ISO 8601: when it ended. */
  time: string
  requestId: string
  /** Address of the other end of the connection: of the proxy, where there is one. */
  remote: string | undefined
  /** Without the query; what looks like a secret is hidden. Empty for what could not be read as a request. */
  path: string
  /** The names and values of the query that the route knows. */
  query?: Readonly<Record<string, string>> | undefined
  /** Of the error that was answered. */
  code?: string | undefined
  /** The name of the token. */
  token?: string | undefined
  userAgent?: string | undefined
  /** The `Host` that was refused, of a request that was answered with 421. */
  host?: string | undefined
}

const MAX_TEXT = 256

/** What an exchange that has ended is in the figures. */
export function outcomeOf({ incoming, outgoing, route, startedAtMs, refusedStatus = 0 }: Exchange, traffic: { bytesIn: number; bytesOut: number }, sources: Sources): Outcome {
  return {
    route,
    method: incoming.method ?? '',
    status: outgoing.headersSent ? outgoing.statusCode : refusedStatus,
    durationMs: Math.round((sources.monotonicNow() - startedAtMs) * 10) / 10,
    bytesIn: traffic.bytesIn,
    bytesOut: traffic.bytesOut,
    aborted: !outgoing.writableFinished
  }
}

/** What an exchange that has ended is in the log. */
export function accessEntry(exchange: Exchange, outcome: Outcome, sources: Sources): AccessEntry {
  const { incoming, requestId, route, caller, errorCode } = exchange
  const url = incoming.url ?? ''
  const mark = url.indexOf('?')
  const query = route === undefined || mark === -1 ? undefined : knownQuery(url.slice(mark + 1), ROUTES[route])
  const userAgent = incoming.headers['user-agent']
  return {
    time: new Date(sources.now()).toISOString(),
    requestId,
    remote: exchange.remote,
    method: shown(outcome.method),
    route,
    path: shown(mark === -1 ? url : url.slice(0, mark)),
    ...(query === undefined ? {} : { query }),
    status: outcome.status,
    ...(errorCode === undefined ? {} : { code: errorCode }),
    durationMs: outcome.durationMs,
    bytesIn: outcome.bytesIn,
    bytesOut: outcome.bytesOut,
    ...(caller?.name === undefined ? {} : { token: caller.name }),
    ...(userAgent === undefined ? {} : { userAgent: shown(userAgent) }),
    ...(outcome.status === 421 ? { host: shownHost(incoming.headers.host) } : {}),
    aborted: outcome.aborted
  }
}

/** Tells each entry to a function, or writes it as a line. `undefined` when nobody is to be told. */
export function openAccessLog(target: ((entry: AccessEntry) => void) | Writable | undefined): ((entry: AccessEntry) => void) | undefined {
  if (target === undefined || typeof target === 'function') return target
  return (entry) => {
    target.write(`${JSON.stringify(entry)}\n`)
  }
}

function knownQuery(query: string, route: Route): Record<string, string> | undefined {
  const shape = route.query !== undefined && 'shape' in route.query ? route.query.shape : undefined
  if (typeof shape !== 'object' || shape === null) return undefined
  const entries = [...new URLSearchParams(query)].filter(([key]) => key !== 'cursor' && Object.hasOwn(shape, key))
  return entries.length === 0 ? undefined : Object.fromEntries(entries.map(([key, value]) => [key, shown(value)]))
}

function shown(text: string): string {
  if (secretShapeOf(text) !== undefined || /stemma_[A-Za-z0-9_-]{20}/.test(text)) return '<hidden>'
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text
}
