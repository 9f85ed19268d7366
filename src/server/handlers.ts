import { StemmaError } from '../errors/stemma-error.js'
import { routeNames, type Handlers } from './app.js'
import type { ServerContext } from './context.js'

/** The handler of each route. */
export function createHandlers(context: ServerContext): Handlers {
  const pending = (): Promise<void> => Promise.reject(new StemmaError('UNSUPPORTED', `this route of ${context.backend.location} is not there yet`))
  return Object.fromEntries(routeNames().map((name) => [name, pending])) as unknown as Handlers
}
