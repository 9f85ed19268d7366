import type { IncomingMessage } from 'node:http'
import { shownHost } from './hosts.js'
import { refusal } from './refusal.js'

/** What a request must be before anything else is looked at. */
export interface RequestRules {
  /** Values of `Host` that are answered, in lower case. */
  hosts: ReadonlySet<string>
  /** Values of `Origin` that are answered. */
  origins: ReadonlySet<string>
  maxUrlBytes: number
}

/** Paths that tell nothing, for probes that call a machine by its number. */
const PROBES = new Set(['/healthz', '/readyz'])

// Unreserved characters, those that stand for themselves in a segment, and escapes.
const PATH = /^(?:\/(?:[A-Za-z0-9._~!$&'()*+,=:@-]|%[0-9A-Fa-f]{2})*)+$/
// Any visible character but those that end or part a query elsewhere.
const QUERY = /^(?:[!"$&-:<-~]|%[0-9A-Fa-f]{2})*$/

/**
 * Looks at a request as it came over the wire, before a router or a URL parser can make it look better.
 *
 * @throws {StemmaError} INVALID_INPUT for an address that could mean two things; NOT_FOUND for one that ends with a slash; TOO_LARGE for a long one; FORBIDDEN for a host that is
 * not this server's (DNS rebinding) and for calls that a browser makes for another site.
 */
export function guardRequest(incoming: IncomingMessage, rules: RequestRules): void {
  const path = guardAddress(incoming.url ?? '', rules.maxUrlBytes)
  if (!PROBES.has(path)) guardHost(incoming, rules.hosts)
  guardOrigin(incoming, rules.origins)
}

function guardAddress(url: string, maxBytes: number): string {
  if (url.length > maxBytes) throw refusal('TOO_LARGE', `the address of the request has more than ${maxBytes} bytes`, { status: 414 })
  const mark = url.indexOf('?')
  const path = mark === -1 ? url : url.slice(0, mark)
  const query = mark === -1 ? '' : url.slice(mark + 1)
  if (!PATH.test(path) || path.includes('//')) throw invalid('path')
  if (/%(?:2f|5c|00|2e|25)/i.test(path) || path.split('/').some((segment) => segment === '.' || segment === '..')) throw invalid('path')
  if (!QUERY.test(query) || query.includes('%00')) throw invalid('query')
  if (path.length > 1 && path.endsWith('/')) {
    throw refusal('NOT_FOUND', 'the registry has no path that ends with a slash', {}, { hint: 'Leave out the slash at the end.' })
  }
  if (!isUtf8(path)) throw invalid('path')
  if (!isUtf8(query)) throw invalid('query')
  return path
}

function isUtf8(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

function invalid(part: 'path' | 'query'): Error {
  return refusal('INVALID_INPUT', `the ${part} of the request is not one that this server reads`, {}, {
    hint: 'Send the path alone (no scheme, no host), each segment and value percent-encoded once.'
  })
}

function guardHost(incoming: IncomingMessage, hosts: ReadonlySet<string>): void {
  const given = incoming.headersDistinct['host'] ?? []
  const host = given[0]
  if (given.length === 1 && host !== undefined && hosts.has(host.toLowerCase())) return
  const named = given.length > 1 ? 'two at once' : shownHost(host)
  throw refusal('FORBIDDEN', `this server does not answer for the host that the request names (Host: ${named})`, { status: 421 }, {
    hint: 'Use the name that the server is known by, or let it answer for this one: --allow-host, or allowedHosts of createServer.',
    details: { host: named }
  })
}

function guardOrigin({ headers, headersDistinct }: IncomingMessage, origins: ReadonlySet<string>): void {
  const given = headersDistinct['origin'] ?? []
  const site = headers['sec-fetch-site']
  if (given.every((origin) => origins.has(origin)) && given.length <= 1 && site !== 'cross-site' && site !== 'same-site') return
  throw refusal('FORBIDDEN', 'this server does not answer what a browser asks for another site', {}, {
    hint: 'Call the registry from a program, or allow the origin of your own page: --allow-origin, or allowedOrigins of createServer.'
  })
}
