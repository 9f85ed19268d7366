import type { Readable } from 'node:stream'
import { types } from 'node:util'
import type { ReplyHeaders, RequestBody } from './endpoint.js'
import { isAttemptFailure } from './attempt-failure.js'
import type { HttpClient, HttpReply } from './http-client.js'
import { networkFailure, stallFailure } from './network-failure.js'
import { judgeRedirect, MAX_REDIRECTS, tooManyRedirects, type RedirectRules, type RedirectStep } from './redirect.js'
import { prepareBody, prepareParts, type PreparedBody } from './request-body.js'
import type { RequestTarget } from './request-target.js'
import type { Watch, Watchdog, WatchLimits } from './watchdog.js'

/** What all attempts share. */
export interface AttemptContext {
  readonly client: HttpClient
  readonly watchdog: Watchdog
  readonly redirects: RedirectRules
  readonly token: string | undefined
  readonly userAgent: string
}

/** One attempt at a request. */
export interface AttemptRequest {
  readonly target: RequestTarget
  readonly headers: Readonly<Record<string, string>>
  readonly body: RequestBody | undefined
  readonly signal: AbortSignal | undefined
  readonly limits: WatchLimits
  readonly pool: 'own' | 'events'
  readonly isVerified: boolean
  readonly onSent: ((bytes: number) => void) | undefined
}

/** The head of a reply; the body has to be read to its end or cancelled. */
export interface OpenReply {
  readonly status: number
  readonly headers: ReplyHeaders
  /** @throws {AttemptFailure} */
  readonly body: AsyncIterable<Uint8Array>
  /** All of the body, or `undefined` when it has more than so many bytes. In place of `body`. @throws {AttemptFailure} */
  all: (maxBytes: number) => Promise<Buffer | undefined>
  cancel: () => void
}

/** What belongs to one attempt and ends with it. */
interface Scope {
  readonly signal: AbortSignal
  readonly watch: Watch
  isConnected: boolean
  /** What a failure means, whatever was thrown. */
  failureOf: (cause: unknown) => unknown
  end: () => void
}

/**
 * Sends a request and gives the head of the reply.
 *
 * @throws {AttemptFailure} for all that the network and redirects do; `signal.reason`; what the source of the body threw.
 */
export async function makeAttempt(context: AttemptContext, request: AttemptRequest): Promise<OpenReply> {
  request.signal?.throwIfAborted()
  let body: PreparedBody | undefined
  const scope = openScope(context.watchdog, request, () => body?.failure())
  try {
    const onSent = (bytes: number): void => {
      scope.watch.moved(bytes)
      request.onSent?.(bytes)
    }
    body = request.body?.kind === 'parts' ? await prepareParts(request.body, onSent) : prepareBody(request.body, onSent)
    const sent = body
    scope.watch.streams(!sent.isSent())
    const reply = await followRedirects(context, request, sent, scope)
    scope.watch.streams(false)
    return readBody(reply, scope, sent)
  } catch (cause) {
    const failure = scope.failureOf(cause)
    scope.end()
    body?.end()
    throw failure
  }
}

function openScope(watchdog: Watchdog, { target, limits, signal }: AttemptRequest, bodyFailure: () => { readonly error: unknown } | undefined): Scope {
  const controller = new AbortController()
  const onAbort = (): void => {
    controller.abort(signal?.reason)
  }
  const watch = watchdog.watch(limits, (stall) => {
    controller.abort(stallFailure(stall, limits, target, scope.isConnected))
  })
  signal?.addEventListener('abort', onAbort, { once: true })
  const scope: Scope = {
    signal: controller.signal,
    watch,
    isConnected: false,
    failureOf(cause): unknown {
      if (controller.signal.aborted) return reasonOf(controller.signal)
      const failed = bodyFailure()
      if (failed) return failed.error
      return isAttemptFailure(cause) ? cause : networkFailure(cause, target, scope.isConnected)
    },
    end() {
      watch.end()
      signal?.removeEventListener('abort', onAbort)
    }
  }
  return scope
}

function reasonOf({ reason }: { reason: unknown }): unknown {
  return reason
}

async function followRedirects(context: AttemptContext, request: AttemptRequest, body: PreparedBody, scope: Scope): Promise<HttpReply> {
  const { target, isVerified } = request
  let step: RedirectStep = { url: target.url, isOwn: true, address: undefined }
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const reply = await context.client.exchange({
      url: step.url,
      method: target.method,
      headers: sentHeaders(context, request, body, step),
      data: body.data,
      signal: scope.signal,
      pool: step.isOwn ? request.pool : 'foreign',
      address: step.address,
      // A little later than the watchdog, which can say more.
      timeoutMs: Math.ceil(request.limits.idleMs * 1.25),
      onConnected() {
        scope.isConnected = true
      }
    })
    scope.watch.moved(0)
    if (!isRedirect(reply)) return reply
    reply.stream.destroy()
    step = await judgeRedirect(reply, { url: step.url, target, isVerified }, context.redirects)
  }
  throw tooManyRedirects(target)
}

function isRedirect({ status }: HttpReply): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}

/** The token, and all else that is meant for the registry, goes to its own origin only. */
function sentHeaders(context: AttemptContext, request: AttemptRequest, body: PreparedBody, step: RedirectStep): Record<string, string> {
  const open = { 'user-agent': context.userAgent, accept: '*/*' }
  if (step.isOwn) return { ...open, ...request.headers, ...body.headers, ...(context.token === undefined ? {} : { authorization: `Bearer ${context.token}` }) }
  const { accept = open.accept, range } = request.headers
  return { ...open, accept, ...(range === undefined ? {} : { range }) }
}

function readBody({ status, headers, stream, abandon }: HttpReply, scope: Scope, sent: PreparedBody): OpenReply {
  const finish = (): void => {
    scope.end()
    // An answer before the request was at its end: the rest of it is not wanted, and the connection cannot be used again.
    if (!sent.isSent()) abandon()
    sent.end()
  }
  const cancel = (): void => {
    stream.destroy()
    finish()
  }
  return { status, headers, body: watchedBody(stream, scope, finish), all: (maxBytes) => wholeBody(stream, scope, finish, maxBytes), cancel }
}

/** By events: a generator for a reply of one chunk takes longer than to read it as JSON. */
async function wholeBody(stream: Readable, scope: Scope, finish: () => void, maxBytes: number): Promise<Buffer | undefined> {
  const { watch } = scope
  watch.streams(true)
  try {
    return await new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      let sizeBytes = 0
      stream.on('data', (chunk: Buffer) => {
        watch.moved(chunk.byteLength)
        sizeBytes += chunk.byteLength
        if (sizeBytes <= maxBytes) chunks.push(chunk)
        else resolve(undefined)
      })
      stream.once('end', () => {
        resolve(Buffer.concat(chunks, sizeBytes))
      })
      stream.on('error', reject)
      stream.once('close', () => {
        if (!stream.readableEnded) reject(cutOff())
      })
      if (stream.destroyed) reject(cutOff())
    })
  } catch (cause) {
    throw scope.failureOf(cause)
  } finally {
    stream.destroy()
    finish()
  }
}

/** What Node says of a stream that was closed before its end. */
function cutOff(): Error {
  return Object.assign(new Error('the reply was cut off'), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
}

async function* watchedBody(stream: Readable, scope: Scope, finish: () => void): AsyncGenerator<Uint8Array, void, undefined> {
  const { watch } = scope
  const chunks = stream[Symbol.asyncIterator]()
  watch.streams(true)
  try {
    for (;;) {
      watch.awaits(true)
      const next = await chunks.next()
      watch.awaits(false)
      if (next.done === true) break
      const chunk = bytesOf(next.value)
      watch.moved(chunk.byteLength)
      yield chunk
    }
  } catch (cause) {
    throw scope.failureOf(cause)
  } finally {
    stream.destroy()
    finish()
  }
}

function bytesOf(chunk: unknown): Uint8Array {
  if (types.isUint8Array(chunk)) return chunk
  throw new TypeError('a reply gave something other than bytes')
}
