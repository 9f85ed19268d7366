import { StemmaError } from '../errors/stemma-error.js'
import type { Call, Endpoint } from './endpoint.js'

/** Where a request goes, and what it is called in messages. */
export interface RequestTarget {
  readonly url: URL
  readonly method: Endpoint['method']
  /** `GET https://host/v1/version`: without the query, which is the caller's own. */
  readonly what: string
  /** For the `details` of errors. */
  readonly details: Readonly<Record<string, string>>
}

/**
 * The addresses of the calls to one registry. An endpoint has one for all calls that say nothing in it, which is kept.
 *
 * @param baseUrl `https://host/prefix`
 */
export function createTargets(baseUrl: string): (endpoint: Endpoint, call: Call) => RequestTarget {
  const known = new WeakMap<Endpoint, RequestTarget>()
  return (endpoint, call) => {
    if (call.parameters !== undefined || call.query !== undefined || call.search !== undefined) return requestTarget(baseUrl, endpoint, call)
    const before = known.get(endpoint)
    if (before) return before
    const target = requestTarget(baseUrl, endpoint, call)
    known.set(endpoint, target)
    return target
  }
}

/** The address of a call: each parameter is one segment, whatever is in it. */
function requestTarget(baseUrl: string, endpoint: Endpoint, { parameters = {}, query = {}, search: signed }: Call): RequestTarget {
  const path = endpoint.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => segment(name, Object.hasOwn(parameters, name) ? parameters[name] : undefined))
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.append(key, String(value))
  const address = `${baseUrl}${path}`
  const url = new URL(`${address}${signed ?? (search.size === 0 ? '' : `?${search.toString()}`)}`)
  return { url, method: endpoint.method, what: `${endpoint.method} ${address}`, details: { method: endpoint.method, url: address } }
}

function segment(name: string, value: string | undefined): string {
  // A dot segment would change which path is meant: `encodeURIComponent` leaves it as it is.
  if (value === undefined || value === '' || value === '.' || value === '..') {
    throw new StemmaError('INVALID_INPUT', `the parameter ${name} of a request cannot be ${JSON.stringify(value)}`)
  }
  return encodeURIComponent(value)
}
