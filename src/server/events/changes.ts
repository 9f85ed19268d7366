import { checkModelName } from '../../record/model-name.js'
import { parse } from '../../schemas/parse.js'
import { ROUTES } from '../../wire/routes.js'
import { authenticate, type TokenSource } from '../admit.js'
import type { Handler, ServerContext } from '../context.js'
import { describeError } from '../send-error.js'
import type { Slots } from '../slots.js'
import { openEventStream } from './event-stream.js'

/**
 * `GET /v1/changes`: an event `change` at the start and after every change of a model, until the client goes away, its token is good no longer
 * or the server stops. Several changes may give one event: a client that is slow misses none, it only hears of them together.
 */
export function createChangesHandler(context: ServerContext, { watchers, tokens }: { watchers: Slots; tokens: TokenSource }): Handler {
  const tokenCheck = { tokens: joining(tokens), sources: context.sources }
  return async (call) => {
    const { name } = parse(ROUTES.changes.query, call.query, { what: 'the query of GET /v1/changes' })
    const model = checkModelName(name)
    const release = watchers.take(call.caller.name ?? '', context.limits.maxWatchersPerToken)
    call.outgoing.once('close', release)
    const over = AbortSignal.any([call.signal, context.closing])
    const refused = new AbortController()
    const signal = AbortSignal.any([over, refused.signal])
    const check = (): Promise<unknown> => authenticate(call.incoming, call.route.scope, tokenCheck)
    const changes = context.backend.changes(model, { signal })[Symbol.asyncIterator]()
    // What is wrong is told by a status while that can be done: before the first event.
    let next = await changes.next()
    const stream = openEventStream(call, context, context.limits.watchCommentMs)
    const ended = new AbortController()
    if (call.caller.name !== undefined) {
      checkNowAndThen(context, check, ended.signal).catch((reason: unknown) => {
        refused.abort(reason)
      })
    }
    try {
      while (next.done !== true) {
        stream.send('change', { name: model })
        await stream.drained()
        next = await changes.next()
        await check()
      }
      refused.signal.throwIfAborted()
    } catch (error) {
      if (!over.aborted) stream.send('error', describeError(context, error, call.requestId).body)
    } finally {
      ended.abort()
      stream.end()
      await changes.return?.()
    }
  }
}

/** Rejects when the token of a stream is good no longer, or the stream has ended: a model may go without a change for months. */
async function checkNowAndThen({ sources, limits }: ServerContext, check: () => Promise<unknown>, ended: AbortSignal): Promise<never> {
  for (;;) {
    await sources.sleep(limits.watchCommentMs, ended)
    await check()
  }
}

/** Looks once for all streams that hear of the same change. */
function joining(tokens: TokenSource): TokenSource {
  let looking: ReturnType<TokenSource> | undefined
  return () =>
    (looking ??= tokens().finally(() => {
      looking = undefined
    }))
}
