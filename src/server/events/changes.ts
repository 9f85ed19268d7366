import { checkModelName } from '../../record/model-name.js'
import { parse } from '../../schemas/parse.js'
import { ROUTES } from '../../wire/routes.js'
import type { Handler, ServerContext } from '../context.js'
import { describeError } from '../send-error.js'
import type { Slots } from '../slots.js'
import { openEventStream } from './event-stream.js'

/**
 * `GET /v1/changes`: an event `change` at the start and after every change of a model, until the client goes away or the server stops. Several
 * changes may give one event: a client that is slow misses none, it only hears of them together.
 */
export function createChangesHandler(context: ServerContext, watchers: Slots): Handler {
  return async (call) => {
    const { name } = parse(ROUTES.changes.query, call.query, { what: 'the query of GET /v1/changes' })
    const model = checkModelName(name)
    const release = watchers.take(call.caller.name ?? '', context.limits.maxWatchersPerToken)
    call.outgoing.once('close', release)
    const signal = AbortSignal.any([call.signal, context.closing])
    const changes = context.backend.changes(model, { signal })[Symbol.asyncIterator]()
    // What is wrong is told by a status while that can be done: before the first event.
    let next = await changes.next()
    const stream = openEventStream(call, context, context.limits.watchCommentMs)
    try {
      for (; next.done !== true; next = await changes.next()) {
        stream.send('change', { name: model })
        await stream.drained()
      }
    } catch (error) {
      if (!signal.aborted) stream.send('error', describeError(context, error, call.requestId).body)
    } finally {
      stream.end()
      await changes.return?.()
    }
  }
}
