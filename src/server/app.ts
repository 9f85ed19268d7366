import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import { ROUTES, type RouteName } from '../wire/routes.js'
import type { Handler } from './context.js'

/** A handler for each route: a route without one does not compile. */
export type Handlers = Readonly<Record<RouteName, Handler>>

/** The routes of one path, by method. */
export type PathRoutes = ReadonlyMap<string, RouteName>

/** Answers a request whose path is known. Never rejects. */
export type Dispatch = (bindings: HttpBindings, routes: PathRoutes, params: Readonly<Record<string, string>>) => Promise<void>

/** Answers a request whose path is not. Never rejects. */
export type NotFound = (bindings: HttpBindings) => Promise<void>

/**
 * The router: one entry for each path of {@link ROUTES}. Which route it is the method decides, in `dispatch`: Hono itself would answer
 * HEAD by the handler of GET.
 */
export function createApp(dispatch: Dispatch, notFound: NotFound): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>()
  for (const [path, routes] of routesByPath()) {
    app.all(path.replace(/\{(\w+)\}/g, ':$1'), async (c) => {
      await dispatch(c.env, routes, c.req.param())
      return RESPONSE_ALREADY_SENT
    })
  }
  app.notFound(async (c) => {
    await notFound(c.env)
    return RESPONSE_ALREADY_SENT
  })
  return app
}

/** Every path, with the routes that it has. */
export function routesByPath(): ReadonlyMap<string, PathRoutes> {
  const paths = new Map<string, Map<string, RouteName>>()
  for (const name of routeNames()) {
    const { path, method } = ROUTES[name]
    const routes = paths.get(path) ?? new Map<string, RouteName>()
    paths.set(path, routes.set(method, name))
  }
  return paths
}

/** The names of all routes. */
export function routeNames(): RouteName[] {
  return Object.keys(ROUTES).filter((name): name is RouteName => Object.hasOwn(ROUTES, name))
}
