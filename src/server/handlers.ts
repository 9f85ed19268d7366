import type { TokenSource } from './admit.js'
import type { Handlers } from './router.js'
import type { ByteHandlers, ServerContext } from './context.js'
import { createChangesHandler } from './events/changes.js'
import { createLongHandlers } from './json/long-handlers.js'
import { createMutationHandlers } from './json/mutation-handlers.js'
import { createReadHandlers } from './json/read-handlers.js'
import type { Metrics } from './operators/metrics.js'
import { createOperatorHandlers } from './operators/operator-handlers.js'
import type { Slots } from './slots.js'

/** What the handlers count, and what they show. */
export interface HandlerParts {
  bytes: ByteHandlers
  watchers: Slots
  metrics: Metrics | undefined
  tokens: TokenSource
}

/** The handler of each route. */
export function createHandlers(context: ServerContext, { bytes, watchers, metrics, tokens }: HandlerParts): Handlers {
  return {
    ...createReadHandlers(context),
    ...createMutationHandlers(context),
    ...createLongHandlers(context),
    ...createOperatorHandlers(context, { metrics, tokens }),
    ...bytes.handlers,
    changes: createChangesHandler(context, { watchers, tokens })
  }
}
