import type * as z from 'zod'
import type { StemmaError } from '../errors/stemma-error.js'
import type { Sources, Ticker } from '../util/sources.js'
import type { BytesCall, BytesReply, Endpoint, EventsReply, JsonCall, JsonEndpoint, Patience, SendCall, SendReply } from './endpoint.js'
import type { ParseJson } from './read-reply.js'

/** Limits of a transport; each has a default in transport-limits.ts. */
export interface TransportLimits {
  /** An attempt ends when nothing at all comes or goes for this long, milliseconds. */
  readonly idleMs: number
  /** An attempt ends when a body moves fewer than `minBytes` in this time, milliseconds. */
  readonly windowMs: number
  readonly minBytes: number
  /** How exactly these times are kept, milliseconds. */
  readonly tickMs: number
  /** Most bytes of a reply of JSON. */
  readonly maxJsonBytes: number
  /** Most bytes of one server-sent event. */
  readonly maxEventBytes: number
  /** How long calls without a patience of their own are tried. */
  readonly patience: Patience
  /** After it was out of reach, calls are tried only once for this long, milliseconds. */
  readonly circuitMs: number
  /** Connections at a time. */
  readonly maxSockets: number
}

/** TLS of one's own: certificates and keys are PEM. */
export interface TlsSettings {
  /** Authorities to trust in place of the known ones. */
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** `false` takes any certificate: for tests. @default true */
  readonly rejectUnauthorized?: boolean | undefined
}

/** What `createTransport` needs. */
export interface TransportOptions {
  /** `https://host/prefix`, without user, query, fragment and trailing slash. */
  readonly baseUrl: string
  /** Sent to the origin of `baseUrl` only. */
  readonly token?: string | undefined
  /** `stemma/0.1.0`. */
  readonly userAgent: string
  readonly sources: Sources
  /** Reads JSON from outside; throws a StemmaError whose message says what is wrong with it. */
  readonly parseJson: ParseJson
  /** The error that the body of a reply tells of; `undefined` when it does not say so in our words. */
  readonly readError: (body: unknown) => StemmaError | undefined
  /** `environment`: HTTPS_PROXY, HTTP_PROXY and NO_PROXY; or the address of a proxy. @default none */
  readonly proxy?: string | undefined
  /** For connections to the registry itself. @default what Node trusts */
  readonly tls?: TlsSettings | undefined
  /** Whether connections are used again. @default true */
  readonly keepAlive?: boolean | undefined
  /** Other origins that a redirect may lead to. @default none */
  readonly allowedRedirectOrigins?: readonly string[] | undefined
  readonly limits?: Partial<TransportLimits> | undefined
  /** For tests. @default the machine's own */
  readonly ticker?: Ticker | undefined
  /** Addresses of a host that a redirect leads to, for tests. @default the machine's resolver */
  readonly resolveHost?: ((hostname: string) => Promise<readonly string[]>) | undefined
}

/**
 * Requests to one registry. Every failure is a StemmaError without anything of the token, or `signal.reason`:
 * REGISTRY_UNAVAILABLE (not reached, cut off, too slow, 5xx), PROTOCOL_ERROR (something else answered), COMMIT_UNKNOWN (a mutation whose
 * replies were lost), or what the registry itself answered.
 */
export interface Transport {
  /** The base address, for messages. */
  readonly location: string
  /** Calls and reads the answer by the schema of the endpoint. */
  json<T extends z.ZodType>(endpoint: JsonEndpoint<T>, call: JsonCall): Promise<z.output<T>>
  /** Calls for bytes. Tried again until the first byte; after it the caller resumes. */
  bytes(endpoint: Endpoint, call: BytesCall): Promise<BytesReply>
  /** Sends bytes and reads a small answer. */
  send(endpoint: Endpoint, call: SendCall): Promise<SendReply>
  /**
   * Server-sent events until the server ends them. An answer of plain JSON is one event `result`. Tried again until the reply begins.
   * Comments count as signs of life.
   */
  events(endpoint: Endpoint, call: JsonCall): Promise<EventsReply>
  /** Whether the registry was found out of reach a moment ago and has not answered since. */
  isOutOfReach(): boolean
  /** Ends the connections that wait for use; calls that run are the caller's to abort. Idempotent. */
  close(): void
}
