import { isStemmaError } from '../../errors/stemma-error.js'
import { ROUTES } from '../../wire/routes.js'
import { errorBodySchema } from '../../wire/error-body.js'
import type { HttpContext } from './http-context.js'
import { errorOf, readEvent } from './read-event.js'

/** The server comments every 15 s; when nothing at all comes for this long, milliseconds, it is gone. */
const PATIENCE = { retries: 5, totalMs: Number.POSITIVE_INFINITY, idleMs: 45_000 } as const
/** Wait before the connection is made anew, milliseconds; twice as long each time that it gave no event. */
const FIRST_WAIT_MS = 200
const MAX_WAIT_MS = 10_000

/**
 * The changes of a model; see `Backend.changes`. A connection that is lost is made anew, after which there is one event, since changes may
 * have been missed.
 *
 * @throws {StemmaError} REGISTRY_UNAVAILABLE when the registry stays away; what it says.
 */
export async function* changes({ transport, sources }: Pick<HttpContext, 'transport' | 'sources'>, name: string, signal: AbortSignal): AsyncGenerator<void, void, undefined> {
  for (let losses = 0; ; losses += 1) {
    const reply = await transport.events(ROUTES.changes, { query: { name }, signal, patience: PATIENCE })
    try {
      for await (const event of reply.events) {
        if (event.event === 'error') throw errorOf(readEvent(errorBodySchema, event, 'GET /v1/changes'))
        if (event.event !== 'change') continue
        losses = 0
        yield
      }
    } catch (error) {
      if (!isStemmaError(error, 'REGISTRY_UNAVAILABLE')) throw error
    } finally {
      reply.cancel()
    }
    await sources.sleep(Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** losses), signal)
  }
}
