import type * as z from 'zod'
import type { StemmaError } from '../errors/stemma-error.js'

/** What the transport needs to know of a route; those of wire/routes.ts are such. */
export interface Endpoint {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  /** With `{parameters}`, which hold one segment each. */
  readonly path: string
  /** The status of success. */
  readonly status: number
  /** Whether a lost reply leaves it open if something was changed. */
  readonly mutates?: boolean | undefined
}

/** An endpoint whose success is JSON. */
export interface JsonEndpoint<T extends z.ZodType> extends Endpoint {
  readonly reply: T
}

/** How long a call is tried. */
export interface Patience {
  /** Further attempts after the first. */
  readonly retries: number
  /** All attempts and waits together, milliseconds; `Infinity` for those that only have to make progress. */
  readonly totalMs: number
  /** An attempt ends when nothing at all comes or goes for this long, milliseconds. @default `limits.idleMs` of the transport */
  readonly idleMs?: number | undefined
}

/** What all calls have. */
export interface Call {
  /** For the `{parameters}` of the path. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** Those that are `undefined` are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined
  /** `?a=b` as it is, in place of `query`: of an address that is signed, which another way of writing it would not be. Shown nowhere. */
  readonly search?: string | undefined
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly signal?: AbortSignal | undefined
  /** What the errors of this call tell besides, in their `details`. */
  readonly details?: Readonly<Record<string, string>> | undefined
  /** @default `limits.patience` of the transport */
  readonly patience?: Patience | undefined
  /** A request that is not to be made twice though it failed in between. @default true */
  readonly isReplayable?: boolean | undefined
}

/** A call with a body of JSON, or none. */
export interface JsonCall extends Call {
  readonly body?: unknown
}

/** A call for bytes. */
export interface BytesCall extends Call {
  /** Statuses that are answers; others are thrown. @default that of the endpoint */
  readonly statuses?: readonly number[] | undefined
  /** More bytes than this are a PROTOCOL_ERROR. */
  readonly maxBytes: number
  /** The caller holds the bytes against a digest, so that they may come from another origin, which gets no token. @default false */
  readonly isVerified?: boolean | undefined
}

/** One part of a multipart body. Names are our constants or were checked: they go into headers. */
export interface BodyPart {
  readonly name: string
  readonly filename?: string | undefined
  readonly contentType: string
  readonly bytes: Uint8Array
}

/** A body that can be sent again: streams are opened anew for each attempt. */
export type RequestBody =
  // `null`: none is said, since some signatures of an address count it in.
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly contentType?: string | null | undefined }
  | { readonly kind: 'stream'; readonly sizeBytes: number; readonly open: () => AsyncIterable<Uint8Array>; readonly contentType?: string | undefined }
  | {
      readonly kind: 'parts'
      readonly parts: readonly BodyPart[]
      /** Room for the body, when it fits; nobody else uses it until the call has ended. @default new memory for each attempt */
      readonly memory?: Uint8Array | undefined
    }

/** A call that sends bytes. */
export interface SendCall extends Call {
  readonly body?: RequestBody | undefined
  /** Statuses that are answers, also those of errors; others are thrown. @default that of the endpoint */
  readonly statuses?: readonly number[] | undefined
  /** Told of the bytes that went out, those of a repeated attempt again. */
  readonly onSent?: ((bytes: number) => void) | undefined
}

/** Headers of a reply, names in lower case. */
export type ReplyHeaders = Readonly<Record<string, string>>

/** An answer whose body is read by the caller, who must read it to its end or call `cancel`. */
export interface BytesReply {
  readonly status: number
  readonly headers: ReplyHeaders
  /** Throws REGISTRY_UNAVAILABLE when the connection is cut or too slow. Can be iterated once. */
  readonly body: AsyncIterable<Uint8Array>
  /** Gives the connection up. Idempotent. */
  cancel: () => void
}

/** An answer whose body, if any, was JSON. */
export interface SendReply {
  readonly status: number
  readonly headers: ReplyHeaders
  /** The JSON of the body, not yet held against a schema; `undefined` when there was none. */
  readonly json: unknown
  /** What the reply says when its status is that of an error. */
  readonly error: StemmaError | undefined
}

/** An answer of server-sent events, which the caller must read to their end or `cancel`. */
export interface EventsReply {
  /** Throws REGISTRY_UNAVAILABLE when the connection is cut, or gives no sign of life. Can be iterated once. */
  readonly events: AsyncIterable<ServerEvent>
  /** Gives the connection up. Idempotent. */
  cancel: () => void
}

/** One server-sent event. */
export interface ServerEvent {
  /** `message` when the server gave no name. */
  readonly event: string
  readonly data: string
}
