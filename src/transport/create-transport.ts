import { isAttemptFailure } from './attempt-failure.js'
import type { OpenReply } from './attempt.js'
import { createCaller } from './caller.js'
import type { BytesReply, ReplyHeaders, SendReply, ServerEvent } from './endpoint.js'
import { isJson, notEvents, readAll, readAs, readFailure, readJson, tooLong } from './read-reply.js'
import { jsonBody } from './request-body.js'
import { readEvents } from './read-events.js'
import type { RequestTarget } from './request-target.js'
import type { Transport, TransportOptions } from './transport.js'

const JSON_TYPE = 'application/json'
const EVENTS_TYPE = 'text/event-stream'

/**
 * Makes a transport: one HTTP client for one registry. Nothing is sent until it is called.
 *
 * @throws {StemmaError} INVALID_INPUT for a proxy that is no address.
 * @example
 * ```ts
 * const transport = createTransport({ baseUrl: 'https://registry.example.org/ml', token, userAgent, sources, parseJson, readError })
 * const version = await transport.json(ROUTES.version, { query: { ref: 'credit-score@production' } })
 * ```
 */
export function createTransport(options: TransportOptions): Transport {
  const caller = createCaller(options)
  const { limits, untimed } = caller
  const { parseJson, sources } = options

  const failureOf = (reply: OpenReply, target: RequestTarget): ReturnType<typeof readFailure> =>
    readFailure(reply, target, { nowMs: sources.now(), parseJson, readError: options.readError })

  return {
    location: options.baseUrl,
    isOutOfReach: caller.isOutOfReach,
    close: caller.close,

    json: (endpoint, call) => {
      const kind = { accept: JSON_TYPE, body: call.body === undefined ? undefined : jsonBody(call.body) }
      return caller.call(endpoint, call, kind, async (reply, target) => {
        if (reply.status !== endpoint.status) throw await failureOf(reply, target)
        const bytes = await readAll(reply, limits.maxJsonBytes, target)
        return readAs(endpoint.reply, readJson(bytes, reply.headers, target, parseJson), target)
      })
    },

    bytes: (endpoint, call) => {
      const statuses = call.statuses ?? [endpoint.status]
      return caller.call(endpoint, untimed(call), { accept: '*/*', isVerified: call.isVerified }, async (reply, target) => {
        if (!statuses.includes(reply.status)) throw await failureOf(reply, target)
        return bytesReply(reply, call.maxBytes, target)
      })
    },

    send: (endpoint, call) => {
      const statuses = call.statuses ?? [endpoint.status]
      const kind = { accept: JSON_TYPE, body: call.body, onSent: call.onSent }
      return caller.call(endpoint, untimed(call), kind, async (reply, target): Promise<SendReply> => {
        const { status, headers } = reply
        if (!statuses.includes(status)) throw await failureOf(reply, target)
        if (status >= 400) return { status, headers, json: undefined, error: (await failureOf(reply, target)).error }
        const bytes = await readAll(reply, limits.maxJsonBytes, target)
        return { status, headers, json: bytes.byteLength === 0 ? undefined : readJson(bytes, headers, target, parseJson), error: undefined }
      })
    },

    events: (endpoint, call) => {
      const accept = `${EVENTS_TYPE}, ${JSON_TYPE};q=0.5`
      const kind = { accept, body: call.body === undefined ? undefined : jsonBody(call.body), pool: 'events', minBytes: 0 } as const
      return caller.call(endpoint, untimed(call), kind, async (reply, target) => {
        if (reply.status !== endpoint.status) throw await failureOf(reply, target)
        if (isEvents(reply.headers)) return { events: told(readEvents(reply.body, limits.maxEventBytes, target), reply.cancel), cancel: reply.cancel }
        const bytes = await readAll(reply, limits.maxJsonBytes, target)
        if (isJson(reply.headers)) return { events: oneEvent({ event: 'result', data: bytes.toString('utf8') }), cancel: reply.cancel }
        throw notEvents(bytes, reply.headers, target)
      })
    }
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- the form that events have
async function* oneEvent(event: ServerEvent): AsyncGenerator<ServerEvent, void, undefined> {
  yield event
}

function isEvents(headers: ReplyHeaders): boolean {
  return /^text\/event-stream\s*(;|$)/i.test(headers['content-type'] ?? '')
}

/** Bytes that are counted as the caller reads them. */
function bytesReply({ status, headers, body, cancel }: OpenReply, maxBytes: number, target: RequestTarget): BytesReply {
  async function* counted(): AsyncGenerator<Uint8Array, void, undefined> {
    let sizeBytes = 0
    for await (const chunk of body) {
      sizeBytes += chunk.byteLength
      if (sizeBytes > maxBytes) throw tooLong(target, maxBytes)
      yield chunk
    }
  }
  return { status, headers, body: told(counted(), cancel), cancel }
}

/** What the caller reads after the attempt: its failures are told as what users see. */
async function* told<T>(items: AsyncIterable<T>, cancel: () => void): AsyncGenerator<T, void, undefined> {
  try {
    yield* items
  } catch (error) {
    throw isAttemptFailure(error) ? error.error : error
  } finally {
    cancel()
  }
}
