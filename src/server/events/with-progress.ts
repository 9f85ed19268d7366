import type { Progress, TransferOptions } from '../../util/options.js'
import type { Call, ServerContext } from '../context.js'
import { withoutPlaces } from '../hide-places.js'
import { sendJson } from '../reply.js'
import { describeError } from '../send-error.js'
import { openEventStream, wantsEvents } from './event-stream.js'

/** Between two events of progress. */
const PROGRESS_MS = 100

/**
 * Does long work and answers with its result: as JSON at the end; or, when the request accepts `text/event-stream`, as events `progress`
 * and then `result` or `error`, of which the status tells nothing.
 */
export async function answerWithProgress(context: ServerContext, call: Call, work: (options: TransferOptions) => Promise<unknown>): Promise<void> {
  const hide = <T>(value: T): T => withoutPlaces(value, [context.backend.location, context.backend.uploadFolder])
  if (!wantsEvents(call)) {
    sendJson(call.outgoing, call.route.status, hide(await work({ signal: call.signal })))
    return
  }
  const stream = openEventStream(call, context, context.limits.progressCommentMs)
  let pending: Progress | undefined
  let sentAtMs = -Infinity
  const tell = (progress: Progress): void => {
    pending = progress
    const nowMs = context.sources.monotonicNow()
    if (nowMs - sentAtMs < PROGRESS_MS || !stream.isFlowing) return
    flush()
    sentAtMs = nowMs
  }
  const flush = (): void => {
    if (pending !== undefined) stream.send('progress', hide(pending))
    pending = undefined
  }
  try {
    const result = await work({ signal: call.signal, onProgress: tell })
    // The last one is always told: complete means complete.
    flush()
    stream.send('result', hide(result))
  } catch (error) {
    if (!call.signal.aborted) stream.send('error', describeError(context, error, call.requestId).body)
  } finally {
    stream.end()
  }
}
