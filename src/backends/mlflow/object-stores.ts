import { StemmaError } from '../../errors/stemma-error.js'
import { createTransport } from '../../transport/create-transport.js'
import type { BytesReply, Endpoint, ReplyHeaders } from '../../transport/endpoint.js'
import { mayReach, type ReachRules } from '../../transport/may-reach.js'
import type { Transport } from '../../transport/transport.js'
import { LIBRARY } from '../../util/library.js'
import type { CallOptions } from '../../util/options.js'
import type { Sources } from '../../util/sources.js'

/** A few attempts: who has no way to the store is to find that out soon, since the server is another one. */
const PATIENCE = { retries: 3, totalMs: Number.POSITIVE_INFINITY }

/** An address in an object store that was signed for one use: whoever has it may use it. It is in no message. */
export interface SignedAddress {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** Requests to the object stores that an MLflow server gives signed addresses of. They get nothing of what the server knows us by. */
export interface ObjectStores {
  /**
   * Whether requests may go to an address: as with redirects, not from https to http, and not from a server on the public network to a
   * private one.
   */
  allows(url: string): Promise<boolean>
  /** Puts bytes, with their length. @throws {StemmaError} whatever the store answered, for the caller to find another way. */
  put(to: SignedAddress, bytes: Uint8Array, options: CallOptions): Promise<ReplyHeaders>
  /** Asks for the bytes from `start` on; statuses 200 and 206 are answers. */
  get(from: SignedAddress, start: number, options: CallOptions): Promise<BytesReply>
  close(): void
}

/** What {@link createObjectStores} needs. */
export interface ObjectStoresOptions {
  readonly sources: Sources
  readonly rules: ReachRules
  readonly proxy: string
  readonly timeoutMs: number
}

/** One client for each store, without token, client certificate and authorities of the server's. */
export function createObjectStores({ sources, rules, proxy, timeoutMs }: ObjectStoresOptions): ObjectStores {
  const transports = new Map<string, Transport>()
  const allowed = new Map<string, Promise<boolean>>()

  const transportTo = (origin: string): Transport => {
    const known = transports.get(origin)
    if (known) return known
    const limits = { idleMs: timeoutMs, windowMs: timeoutMs, patience: PATIENCE }
    const made = createTransport({ baseUrl: origin, userAgent: LIBRARY, sources, parseJson: notJson, readError: () => undefined, proxy, limits })
    transports.set(origin, made)
    return made
  }

  return {
    allows(url) {
      if (!URL.canParse(url)) return Promise.resolve(false)
      const { origin } = new URL(url)
      const known = allowed.get(origin) ?? mayReach(new URL(url), rules)
      allowed.set(origin, known)
      return known
    },
    async put({ url, headers }, bytes, { signal }) {
      const { origin, endpoint, search } = parts('PUT', url)
      const reply = await transportTo(origin).send(endpoint, { search, headers: lowerCase(headers), body: { kind: 'bytes', bytes, contentType: null }, statuses: [200, 201], signal })
      return reply.headers
    },
    get({ url, headers }, start, { signal }) {
      const { origin, endpoint, search } = parts('GET', url)
      const range = start > 0 ? { range: `bytes=${start}-` } : {}
      return transportTo(origin).bytes(endpoint, { search, headers: { ...lowerCase(headers), ...range }, statuses: [200, 206], maxBytes: Number.MAX_SAFE_INTEGER, signal })
    },
    close() {
      for (const transport of transports.values()) transport.close()
    }
  }
}

function parts(method: 'GET' | 'PUT', address: string): { origin: string; endpoint: Endpoint; search: string } {
  const { origin, pathname, search } = new URL(address)
  return { origin, endpoint: { method, path: pathname, status: 200 }, search }
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

function notJson(): never {
  throw new StemmaError('PROTOCOL_ERROR', 'an object store answered with JSON')
}
