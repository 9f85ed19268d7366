import type * as z from 'zod'
import { isStemmaError, StemmaError } from '../../errors/stemma-error.js'
import type { EventsReply, JsonCall, JsonEndpoint } from '../../transport/endpoint.js'
import type { Progress } from '../../util/options.js'
import { errorBodySchema } from '../../wire/error-body.js'
import { progressSchema } from '../../wire/messages.js'
import type { HttpContext } from './http-context.js'
import { errorOf, readEvent } from './read-event.js'

/** Options of calls that tell how far they are. */
export interface LongOptions {
  onProgress?: ((progress: Progress) => void) | undefined
}

/** The server comments every 10 s; when nothing at all comes for this long, milliseconds, it is gone. */
const PATIENCE = { retries: 5, totalMs: Number.POSITIVE_INFINITY, idleMs: 45_000 } as const
/** How often a change is asked for again whose reply was cut off in the middle. */
const MAX_CUTS = 3
/** What a further attempt may meet that says nothing of the one before. */
const UNTOLD = ['REGISTRY_UNAVAILABLE', 'UNAUTHENTICATED', 'FORBIDDEN', 'TOO_MANY_REQUESTS', 'PROTOCOL_ERROR', 'IO'] as const
/** Wait before that, milliseconds, and twice as long each further time. */
const FIRST_WAIT_MS = 500

/**
 * A call that may take long: its progress, then its result. It has no end of its own as long as the server gives signs of life.
 *
 * @throws {StemmaError} what the server says; REGISTRY_UNAVAILABLE when the reply is cut off, and COMMIT_UNKNOWN if that leaves open whether
 * something was changed.
 */
export async function runLong<T extends z.ZodType>(
  { transport, sources }: Pick<HttpContext, 'transport' | 'sources'>,
  endpoint: JsonEndpoint<T>,
  call: JsonCall,
  { onProgress }: LongOptions
): Promise<z.output<T>> {
  const what = `${endpoint.method} ${transport.location}${endpoint.path}`
  let cuts = 0
  for (;;) {
    const reply = await transport.events(endpoint, { ...call, patience: PATIENCE }).catch((error: unknown) => {
      // What was cut off before may have been carried out, and nobody is there who could tell.
      throw cuts > 0 && isStemmaError(error, ...UNTOLD) ? unknownOutcome(what, error, call) : error
    })
    try {
      return await readResult(endpoint.reply, reply, what, onProgress)
    } catch (error) {
      if (endpoint.mutates !== true || !isStemmaError(error, 'REGISTRY_UNAVAILABLE')) throw error
      cuts += 1
      if (cuts > MAX_CUTS) throw unknownOutcome(what, error, call)
      // By its key, the registry knows the change again, and answers with what became of it.
      await sources.sleep(FIRST_WAIT_MS * 2 ** cuts, call.signal)
    } finally {
      reply.cancel()
    }
  }
}

async function readResult<T extends z.ZodType>(schema: T, { events }: EventsReply, what: string, onProgress: LongOptions['onProgress']): Promise<z.output<T>> {
  for await (const event of events) {
    if (event.event === 'progress') onProgress?.(readEvent(progressSchema, event, what))
    else if (event.event === 'result') return readEvent(schema, event, what)
    else if (event.event === 'error') throw errorOf(readEvent(errorBodySchema, event, what))
  }
  throw new StemmaError('REGISTRY_UNAVAILABLE', `${what}: the reply ended before its result`, { hint: 'Try again.', details: { cause: 'CUT_OFF' } })
}

function unknownOutcome(what: string, error: StemmaError, { details }: JsonCall): StemmaError {
  return new StemmaError('COMMIT_UNKNOWN', `${what}: whether the change was made cannot be told now: ${error.message}`, {
    hint: 'Make the same call again with the operationId of the details: it answers with the first result if there is one, and makes the change if not.',
    details: { ...error.details, ...details }
  })
}
