import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { StemmaError } from '../errors/stemma-error.js'
import { newId } from '../util/new-id.js'
import type { Sources } from '../util/sources.js'
import { encodeError } from '../wire/error-body.js'
import { HEADERS } from '../wire/headers.js'
import type { AccessEntry } from './access-log.js'
import type { Exchange } from './exchange.js'
import { SAFE_HEADERS } from './reply.js'
import { trafficOf } from './traffic.js'

/**
 * Answers what node's parser refuses, with JSON as every error, and closes the connection. A request whose headers were read is an exchange
 * already, and is told of when that ends.
 *
 * @param running the exchanges that are under way, on all connections.
 * @returns what is to be told of a request that never became an exchange, if it was answered.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex, running: Iterable<Exchange>, sources: Sources): AccessEntry | undefined {
  const here = [...running].filter(({ incoming }) => incoming.socket === socket)
  const described = describeClientError(error)
  // A second reply would be taken for a part of the one that has begun.
  if (described === undefined || here.some(({ outgoing }) => outgoing.headersSent) || !socket.writable) {
    socket.destroy()
    return undefined
  }
  const begun = here.find(({ incoming }) => !incoming.complete)
  const requestId = begun?.requestId ?? newId(sources)
  const remote = isSocket(socket) ? socket.remoteAddress : undefined
  sendClientError(socket, described, requestId)
  if (begun) {
    begun.refusedStatus = described.status
    begun.errorCode = described.error.code
    return undefined
  }
  const { bytesIn, bytesOut } = isSocket(socket) ? trafficOf(socket)() : { bytesIn: 0, bytesOut: 0 }
  return {
    time: new Date(sources.now()).toISOString(),
    requestId,
    remote,
    method: '',
    route: undefined,
    path: '',
    status: described.status,
    code: described.error.code,
    durationMs: 0,
    bytesIn,
    bytesOut,
    aborted: false
  }
}

/** `undefined` when the client is gone: nobody reads an answer. */
function describeClientError(error: NodeJS.ErrnoException): { status: number; error: StemmaError } | undefined {
  switch (error.code) {
    case 'ECONNRESET':
    case 'EPIPE':
      return undefined
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, error: new StemmaError('TOO_LARGE', 'the headers of the request have too many bytes') }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, error: new StemmaError('REGISTRY_UNAVAILABLE', 'the request did not arrive in time', { hint: 'Send it again, in smaller chunks.' }) }
    default:
      return { status: 400, error: new StemmaError('INVALID_INPUT', 'what arrived is not a request of HTTP/1.1') }
  }
}

function sendClientError(socket: Duplex, { status, error }: { status: number; error: StemmaError }, requestId: string): void {
  const body = JSON.stringify(encodeError(error, requestId))
  const headers = Object.entries(SAFE_HEADERS).map(([name, value]) => `${name}: ${value}`)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'connection: close',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    `${HEADERS.requestId}: ${requestId}`,
    ...headers
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => {
    socket.destroy()
  })
}

function isSocket(socket: Duplex): socket is Socket {
  return 'bytesRead' in socket && 'bytesWritten' in socket
}
