import type { IncomingMessage } from 'node:http'
import { StemmaError } from '../errors/stemma-error.js'
import { ROUTES, type Route } from '../wire/routes.js'
import { authenticate, guardBody, readOperationId, readQuery, type TokenSource } from './admit.js'
import { createRouter, type Handlers } from './router.js'
import type { ServerContext } from './context.js'
import type { Exchange } from './exchange.js'
import { refusal } from './refusal.js'
import { giveUpWhenStalled } from './reply.js'
import type { Slots } from './slots.js'

/** What the parts of a server share when a request comes in. */
export interface DispatchParts {
  context: ServerContext
  handlers: Handlers
  tokens: TokenSource
  requests: Slots
}

/**
 * Lets a request in step by step, cheapest first, and calls the handler of its route: the path and the method, the token and its scope, a free
 * place, the headers of the body, the query. Nothing of the body and nothing of the store is read before all of it is right.
 *
 * @returns what answers a request that `guardRequest` has looked at. What it throws has to become the reply.
 */
export function createDispatch({ context, handlers, tokens, requests }: DispatchParts): (exchange: Exchange) => Promise<void> {
  const tokenCheck = { tokens, sources: context.sources }
  const matchOf = createRouter()
  return async (exchange) => {
    const { incoming, outgoing, requestId, signal } = exchange
    const url = incoming.url ?? ''
    const match = matchOf(url)
    if (match === undefined) throw noSuchPath()
    const { routes, params } = match
    const name = routes.get(incoming.method ?? '')
    if (name === undefined) throw notAllowed(incoming, [...routes.keys()])
    exchange.route = name
    const route: Route = ROUTES[name]
    const caller = await authenticate(incoming, route.scope, tokenCheck)
    exchange.caller = caller
    // A stream of changes takes a place of its own kind.
    const release = name === 'changes' ? undefined : requests.take(caller.name ?? '', context.limits.maxRequestsPerToken)
    if (release) outgoing.once('close', release)
    guardBody(incoming, name)
    if (name === 'blob') giveUpWhenStalled(outgoing, context.limits.stallTimeoutMs)
    const query = readQuery(url, route)
    const operationId = readOperationId(incoming)
    if (exchange.awaitsContinue) {
      exchange.awaitsContinue = false
      outgoing.writeContinue()
    }
    await handlers[name]({ name, route, incoming, outgoing, params, query, requestId, caller, operationId, signal })
  }
}

function notAllowed({ method }: IncomingMessage, allowed: readonly string[]): StemmaError {
  return refusal('INVALID_INPUT', `this path does not take the method ${method ?? ''}`, { status: 405, headers: { allow: allowed.join(', ') } }, {
    hint: `It takes ${allowed.join(', ')}.`,
    details: { allowed: [...allowed] }
  })
}

function noSuchPath(): StemmaError {
  return new StemmaError('NOT_FOUND', 'the registry has no such path', { hint: 'GET /openapi.json lists all paths. Names and references go into the query or the body.' })
}
