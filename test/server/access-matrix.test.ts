import { describe, expect, it } from 'vitest'
import { routeNames } from '../../src/server/router.js'
import { createToken } from '../../src/server/tokens.js'
import { ROUTES, type Route, type Scope } from '../../src/wire/routes.js'
import { startServer, tokenFor, type TestServer } from './test-server.js'
import { untouchableRegistry } from './untouchable-backend.js'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']
const INCLUDED: Record<Scope, readonly Scope[]> = { read: ['read'], write: ['read', 'write'], promote: ['read', 'promote'], admin: ['read', 'write', 'promote', 'admin'] }
const SCOPES = ['read', 'write', 'promote', 'admin'] as const

const digest = `sha256:${'0'.repeat(64)}`
const pathOf = ({ path }: Route): string => path.replace('{digest}', digest).replace('{id}', 'abc')
const routes = routeNames().map((name): [string, Route] => [name, ROUTES[name]])

/** A request with all that its route wants but the right to make it. */
async function attempt({ send }: TestServer, route: Route, token?: string): Promise<{ status: number; code: unknown }> {
  const hasBody = route.body !== undefined
  const type = route.body === 'bytes' ? 'application/octet-stream' : route.body === 'multipart' ? 'multipart/form-data; boundary=x' : 'application/json'
  const reply = await send(route.method, pathOf(route), {
    ...(hasBody ? { body: '{"this is":', headers: { 'content-type': type } } : {}),
    ...(token === undefined ? {} : { token })
  })
  return { status: reply.status, code: reply.status >= 400 && reply.text !== '' ? reply.code() : undefined }
}

describe('every route', () => {
  const guarded = routes.filter(([, { scope }]) => scope !== 'open')

  it('is refused without a token, with a wrong one, and with too small a scope; nothing is read', async () => {
    const { registry, touched } = untouchableRegistry()
    const tokens = SCOPES.map((scope) => ({ scope, ...tokenFor(scope) }))
    const server = await startServer({ registry, tokens: tokens.map(({ record }) => record) })
    const stranger = createToken({ name: 'stranger', scopes: ['admin'] }).token
    let refused = 0
    for (const [name, route] of guarded) {
      for (const token of [undefined, stranger, 'stemma_', `${stranger}x`]) {
        const { status, code } = await attempt(server, route, token)
        expect([name, status]).toEqual([name, 401])
        if (code !== undefined) expect(code).toBe('UNAUTHENTICATED')
        refused += 1
      }
      for (const { scope, token } of tokens) {
        if (route.scope === 'open' || INCLUDED[scope].includes(route.scope)) continue
        const { status, code } = await attempt(server, route, token)
        expect([name, scope, status]).toEqual([name, scope, 403])
        if (code !== undefined) expect(code).toBe('FORBIDDEN')
        refused += 1
      }
    }
    expect(refused).toBeGreaterThan(100)
    expect(touched).toEqual([])
    expect(server.entries.every(({ token }) => token === undefined)).toBe(true)
  })

  it('takes its own methods only, and tells which', async () => {
    const { registry, touched } = untouchableRegistry()
    const server = await startServer({ registry })
    for (const path of new Set(routes.map(([, route]) => pathOf(route)))) {
      const own = routes.filter(([, route]) => pathOf(route) === path).map(([, { method }]) => method)
      for (const method of METHODS) {
        if (own.some((known) => known === method)) continue
        const { status, headers } = await server.send(method, path)
        expect([method, path, status]).toEqual([method, path, 405])
        expect(headers.allow?.split(', ').sort()).toEqual([...own].sort())
      }
    }
    expect(touched).toEqual([])
  })

  it('is let in with the scope that it wants', async () => {
    const { registry } = untouchableRegistry()
    const tokens = SCOPES.map((scope) => ({ scope, ...tokenFor(scope) }))
    const server = await startServer({ registry, tokens: tokens.map(({ record }) => record) })
    for (const [name, route] of guarded) {
      if (name === 'changes') continue
      for (const { scope, token } of tokens) {
        if (route.scope === 'open' || !INCLUDED[scope].includes(route.scope)) continue
        expect([name, [401, 403, 405].includes((await attempt(server, route, token)).status)]).toEqual([name, false])
      }
    }
  })
})
