import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { StemmaError } from '../errors/stemma-error.js'
import { encodeError } from '../wire/error-body.js'
import { SAFE_HEADERS } from './reply.js'

/** What a request that node's parser refuses is answered with. */
export function describeClientError(error: NodeJS.ErrnoException): { status: number; error: StemmaError } | undefined {
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

/**
 * Answers what was no request, with JSON as every error, and closes the connection.
 *
 * @param hasReply a reply on this connection has begun: a second one would be taken for a part of it.
 * @returns the status that was answered, if any.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex, hasReply: boolean): number | undefined {
  const described = describeClientError(error)
  if (described === undefined || hasReply || !socket.writable) {
    socket.destroy()
    return undefined
  }
  const { status } = described
  const body = JSON.stringify(encodeError(described.error))
  const headers = Object.entries(SAFE_HEADERS).map(([name, value]) => `${name}: ${value}`)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'connection: close',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    ...headers
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => {
    socket.destroy()
  })
  return status
}
