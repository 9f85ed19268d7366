import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Backend } from '../backends/backend.js'
import type { Logger } from '../registry/context.js'
import type { Registry } from '../registry/registry.js'
import type { Sources } from '../util/sources.js'
import type { Route, RouteName, Scope } from '../wire/routes.js'
import type { ServerLimits } from './limits.js'

/** What all requests of a server share: what every handler is made with. */
export interface ServerContext {
  /** The verbs: they check all that comes from outside. */
  readonly registry: Registry
  /** What is below the verbs: for bytes, and for checks that need no verb. */
  readonly backend: Backend
  readonly sources: Sources
  /** For the operator. What is told here may name paths of this machine; never a token. */
  readonly logger: Logger
  readonly limits: ServerLimits
  /** Aborted when the server begins to stop: endless replies end then. Work that has begun may go on for the time of grace. */
  readonly closing: AbortSignal
}

/** Who asks. */
export interface Caller {
  /** The name of the token; `undefined` where the server asks for none. */
  readonly name: string | undefined
  readonly scopes: readonly Scope[]
}

/** One request that was let in: its route, its caller and the raw pair of node's. */
export interface Call {
  readonly name: RouteName
  readonly route: Route
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  /** The `{parameters}` of the path, decoded once, each checked by nobody yet. */
  readonly params: Readonly<Record<string, string>>
  /** The query by the route's schema, or by none where the route has none. Each key once. */
  readonly query: unknown
  /** What the access log calls this request. */
  readonly requestId: string
  readonly caller: Caller
  /** The `Idempotency-Key`. */
  readonly operationId: string | undefined
  /** Aborted when the client goes away before the reply has ended, and when the server's time of grace is over. */
  readonly signal: AbortSignal
}

/**
 * Answers one request: by the functions of reply.ts, or by writing to `call.outgoing` itself until it has ended. What it throws
 * becomes the reply while no header was sent, and cuts the connection afterwards.
 */
export type Handler = (call: Call) => Promise<void>

/** The routes that move bytes. */
export type ByteRoute =
  | 'keepBlobs'
  | 'putBlobs'
  | 'blob'
  | 'blobSize'
  | 'startUpload'
  | 'uploadOffset'
  | 'uploadChunk'
  | 'finishUpload'
  | 'cancelUpload'
  | 'publish'

/** The handlers of the routes that move bytes, and what they hold open. */
export interface ByteHandlers {
  readonly handlers: Readonly<Record<ByteRoute, Handler>>
  /** Uploads under way in this process. */
  openUploads(): number
  /** Frees what is held: what was received stays, so that uploads can go on at the next start. */
  close(): Promise<void>
}
