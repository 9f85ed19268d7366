import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { newId } from '../util/new-id.js'
import type { Sources } from '../util/sources.js'
import { HEADERS } from '../wire/headers.js'
import type { RouteName } from '../wire/routes.js'
import type { Caller } from './context.js'
import { SAFE_HEADERS } from './reply.js'

/** One request and its reply, from its headers to its end. What becomes known on the way is filled in. */
export interface Exchange {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly requestId: string
  /** Address of the other end of the connection. */
  readonly remote: string | undefined
  /** On the clock that never goes back. */
  readonly startedAtMs: number
  /** Aborted when the client goes away before the reply has ended. */
  readonly signal: AbortSignal
  /** Cuts the connection. */
  abort(reason: Error): void
  /** Resolves when the reply has ended, or the connection was cut. */
  readonly ended: Promise<void>
  /** Resolves when the exchange that came before on the same connection has ended; `undefined` when none is under way. */
  readonly turn: Promise<void> | undefined
  /** Exchanges of the same connection that are under way, this one among them. */
  readonly inConnection: number
  /** The client waits for `100 Continue` before it sends the body. */
  awaitsContinue: boolean
  route: RouteName | undefined
  caller: Caller | undefined
  /** The code of the error that was answered. */
  errorCode: string | undefined
  /** What was answered on the connection itself when node's parser refused the rest of the request. */
  refusedStatus: number | undefined
}

/** Begins an exchange: gives it its id, the headers that every reply has, and a signal that ends with the connection. */
export function openExchange(incoming: IncomingMessage, outgoing: ServerResponse, sources: Sources): Exchange {
  const controller = new AbortController()
  const requestId = proposedId(incoming) ?? newId(sources)
  const connection = connectionOf(incoming.socket)
  const turn = connection.open.size === 0 ? undefined : connection.last
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      connection.open.delete(end)
      if (!outgoing.writableFinished) controller.abort(new DOMException('the client closed the connection', 'AbortError'))
      resolve()
    }
    connection.open.add(end)
    outgoing.once('close', end)
  })
  connection.last = ended
  // A client may go away at any moment; the signal tells the handler.
  outgoing.on('error', () => undefined)
  incoming.on('error', () => undefined)
  for (const [name, value] of Object.entries(SAFE_HEADERS)) outgoing.setHeader(name, value)
  outgoing.setHeader(HEADERS.requestId, requestId)
  return {
    incoming,
    outgoing,
    requestId,
    remote: incoming.socket.remoteAddress,
    startedAtMs: sources.monotonicNow(),
    signal: controller.signal,
    abort: (reason) => {
      controller.abort(reason)
      outgoing.destroy()
      incoming.destroy()
    },
    ended,
    turn,
    inConnection: connection.open.size,
    awaitsContinue: false,
    route: undefined,
    caller: undefined,
    errorCode: undefined,
    refusedStatus: undefined
  }
}

/** What is under way on a connection. */
interface Connection {
  /** What ends each exchange. */
  readonly open: Set<() => void>
  /** When the latest one has ended. */
  last: Promise<void> | undefined
}

const connections = new WeakMap<Socket, Connection>()

/** A reply that waits behind another one on its connection hears nothing of the end of the connection. */
function connectionOf(socket: Socket): Connection {
  const known = connections.get(socket)
  if (known) return known
  const connection: Connection = { open: new Set(), last: undefined }
  connections.set(socket, connection)
  socket.once('close', () => {
    for (const end of connection.open) end()
  })
  return connection
}

/** Whether a request brings a body, and not all of it has arrived. */
export function hasUnreadBody({ headers, complete }: IncomingMessage): boolean {
  return !complete && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
}

/** The id that the client would like its request to have in the log, when it is one. */
function proposedId({ headers }: IncomingMessage): string | undefined {
  const proposed = headers[HEADERS.requestId]
  return typeof proposed === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(proposed) ? proposed : undefined
}
