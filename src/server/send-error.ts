import type { IncomingMessage } from 'node:http'
import { isStemmaError, StemmaError } from '../errors/stemma-error.js'
import type { Sources } from '../util/sources.js'
import { encodeError, type ErrorBody } from '../wire/error-body.js'
import { MAX_CHUNK_BYTES } from '../wire/limits.js'
import type { ServerContext } from './context.js'
import { hasUnreadBody, type Exchange } from './exchange.js'
import { withoutPlaces } from './hide-places.js'
import { replyOf } from './refusal.js'

/** How long, and for how many bytes, a body that nobody wants is let in, so that its sender gets to read the reply. */
const LINGER_MS = 2_000
const LINGER_BYTES = MAX_CHUNK_BYTES

type ErrorContext = Pick<ServerContext, 'sources' | 'logger'> & { backend: Pick<ServerContext['backend'], 'location' | 'uploadFolder'> }

/** What is told of anything that was thrown: our errors as they are, but for paths of this machine; of others nothing. */
export function describeError(context: ErrorContext, error: unknown, requestId: string): { error: StemmaError; body: ErrorBody } {
  const known = isStemmaError(error) ? error : unexpected(context, error, requestId)
  return { error: known, body: withoutPlaces(encodeError(known, requestId), [context.backend.location, context.backend.uploadFolder]) }
}

/** Answers an exchange with an error, or cuts the connection when a reply has begun. */
export async function sendError(context: ErrorContext, exchange: Exchange, thrown: unknown): Promise<void> {
  const { outgoing, incoming, signal } = exchange
  if (signal.aborted) return
  const { error, body } = describeError(context, thrown, exchange.requestId)
  exchange.errorCode = error.code
  if (outgoing.headersSent) {
    // The client sees a reply that is too short, and never one that looks whole.
    outgoing.destroy()
    return
  }
  const { status, headers } = replyOf(error)
  const bytes = Buffer.from(JSON.stringify(body))
  const isUnread = hasUnreadBody(incoming)
  outgoing.writeHead(status, {
    ...headers,
    'content-type': 'application/json',
    'content-length': bytes.byteLength,
    ...(isUnread ? { connection: 'close' } : {})
  })
  if (incoming.method !== 'HEAD') outgoing.write(bytes)
  if (isUnread && !exchange.awaitsContinue) await discard(incoming, context.sources)
  outgoing.end()
}

/** Lets the rest of a body go by, for a while. */
async function discard(incoming: IncomingMessage, sources: Sources): Promise<void> {
  const over = new AbortController()
  const end = (): void => {
    over.abort()
  }
  let bytes = 0
  incoming.on('data', (chunk: Uint8Array) => {
    bytes += chunk.byteLength
    if (bytes > LINGER_BYTES) end()
  })
  incoming.once('end', end).once('close', end)
  incoming.resume()
  await sources.sleep(LINGER_MS, over.signal).catch(() => undefined)
}

function unexpected({ logger }: ErrorContext, error: unknown, requestId: string): StemmaError {
  logger.error?.(`request ${requestId} failed unexpectedly`, { requestId, error })
  return new StemmaError('IO', 'the server failed to answer for a reason that it does not tell', {
    hint: `The log of the server says more about request ${requestId}.`,
    retryable: false
  })
}
