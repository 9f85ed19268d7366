import { TrieRouter } from 'hono/router/trie-router'
import { ROUTES, type RouteName } from '../wire/routes.js'
import type { Handler } from './context.js'

/** A handler for each route: a route without one does not compile. */
export type Handlers = Readonly<Record<RouteName, Handler>>

/** The routes of one path, by method. */
export type PathRoutes = ReadonlyMap<string, RouteName>

/** What an address leads to. */
export interface Match {
  readonly routes: PathRoutes
  /** The `{parameters}` of the path, decoded once. */
  readonly params: Readonly<Record<string, string>>
}

/**
 * Makes the router: one entry for each path of {@link ROUTES}. Which route it is the method decides, in `dispatch`. Of Hono the router alone: the
 * requests and responses that it puts around those of node, nobody here would look at.
 *
 * @returns what an address leads to, which was looked at by `guardRequest` before; `undefined` for a path that the registry does not have.
 */
export function createRouter(): (url: string) => Match | undefined {
  const router = new TrieRouter<PathRoutes>()
  for (const [path, routes] of routesByPath()) router.add('ALL', path.replace(/\{(\w+)\}/g, ':$1'), routes)
  return (url) => {
    const mark = url.indexOf('?')
    const path = mark === -1 ? url : url.slice(0, mark)
    const [[found]] = router.match('ALL', path.includes('%') ? decodeURIComponent(path) : path)
    if (found === undefined) return undefined
    const [routes, params] = found
    return { routes, params: Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)])) }
  }
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
