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

/** The address of a call: each parameter is one segment, whatever is in it. */
export function requestTarget(baseUrl: string, endpoint: Endpoint, { parameters = {}, query = {} }: Call): RequestTarget {
  const path = endpoint.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => segment(name, Object.hasOwn(parameters, name) ? parameters[name] : undefined))
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.append(key, String(value))
  const address = `${baseUrl}${path}`
  const url = new URL(search.size === 0 ? address : `${address}?${search.toString()}`)
  return { url, method: endpoint.method, what: `${endpoint.method} ${address}`, details: { method: endpoint.method, url: address } }
}

function segment(name: string, value: string | undefined): string {
  // A dot segment would change which path is meant: `encodeURIComponent` leaves it as it is.
  if (value === undefined || value === '' || value === '.' || value === '..') {
    throw new StemmaError('INVALID_INPUT', `the parameter ${name} of a request cannot be ${JSON.stringify(value)}`)
  }
  return encodeURIComponent(value)
}
