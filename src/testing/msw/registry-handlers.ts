import { createRequire } from 'node:module'
import { StemmaError } from '../../errors/stemma-error.js'
import { ownOptions } from '../../registry/own-options.js'
import type { Registry } from '../../registry/registry.js'
import { contextOf } from '../../registry/registry-context.js'
import { checkServerOptions, type ServerOptions } from '../../server/server-options.js'
import { createHttp, type AnsweringServer } from '../../server/start-http.js'
import { openTokens } from '../../server/token-source.js'
import { systemSources } from '../../util/sources.js'
import { createTestRegistry } from '../create-test-registry.js'
import { forward } from './forward.js'
import { createSocketPair } from './memory-socket.js'

/** Options of {@link registryHandlers}. */
export interface RegistryHandlersOptions extends Pick<ServerOptions, 'tokens' | 'limits' | 'accessLog' | 'logger'> {
  /** The address that is answered for, as the code under test opens it. @default 'https://registry.test' */
  url?: string | undefined
  /** What is served; it stays the caller's to close. @default a `createTestRegistry()` of its own */
  registry?: Registry | undefined
  /** The `http` of msw, where `require` cannot load msw, as in Jest's mode for ES modules. @default loaded when it is needed */
  http?: object | undefined
}

/**
 * One handler of msw, which `setupServer(...)` and `server.use(...)` take. It has no type of msw, so that programs that use `stemma/testing`
 * without msw compile.
 */
export type MswHandler = never

/** Handlers for msw, and what they hold. */
export interface RegistryHandlers extends Array<MswHandler>, AsyncDisposable {
  /** Ends what runs, and frees what is held. Idempotent. */
  close(): Promise<void>
}

const KNOWN = ['url', 'registry', 'http', 'tokens', 'limits', 'accessLog', 'logger']

/**
 * Handlers by which msw 2 answers for a registry at an address: requests go through the router, the checks and the handlers of
 * `createServer`, over a connection within this process, so that what is answered is what a server answers. No port is opened.
 *
 * @throws {StemmaError} INVALID_INPUT; UNSUPPORTED when msw is not installed.
 * @example
 * ```ts
 * const handlers = registryHandlers({ url: 'https://models.example.org' })
 * const server = setupServer(...handlers)
 * beforeAll(() => server.listen())
 * afterAll(async () => {
 *   server.close()
 *   await handlers.close()
 * })
 * ```
 */
export function registryHandlers(options: RegistryHandlersOptions = {}): RegistryHandlers {
  const { url = 'https://registry.test', registry: given, http: givenHttp, ...server } = ownOptions(options, 'registryHandlers options', KNOWN)
  const { host, origin, prefix } = readAddress(url)
  const http = givenHttp === undefined ? requireMsw().http : checkHttp(givenHttp)
  if (given !== undefined) contextOf(given)
  const settings = checkServerOptions({ ...server, registry: given ?? 'memory:', metrics: false })
  // Last: what was refused above would leave it open.
  const registry = given ?? createTestRegistry()
  const closing = new AbortController()

  const start = async (): Promise<AnsweringServer> => {
    const { limits, logger } = settings
    const context = { registry, backend: contextOf(registry).backend, sources: systemSources, logger, limits, closing: closing.signal }
    const answering = await createHttp(context, settings, await openTokens(settings.tokens, logger))
    answering.rules.hosts = new Set([host])
    return answering
  }
  let starting: Promise<AnsweringServer> | undefined
  const answer = async (request: Request): Promise<Response> => {
    const answering = await (starting ??= start())
    const { client, server: end } = createSocketPair()
    answering.server.emit('connection', end)
    return forward(request, request.url.slice(origin.length + prefix.length), client)
  }
  const stop = async (): Promise<void> => {
    closing.abort(new StemmaError('CLOSED', 'the handlers were closed', { retryable: true }))
    const answering = await starting?.catch(() => undefined)
    await answering?.stop(0)
    if (given === undefined) await registry.close()
  }
  let stopping: Promise<void> | undefined
  const close = (): Promise<void> => (stopping ??= stop())
  return Object.assign([http.all(new RegExp(`^${literally(`${origin}${prefix}/`)}`), ({ request }) => answer(request))], { close, [Symbol.asyncDispose]: close })
}

/** What of msw is used, and no type of it. */
interface Msw {
  http: { all(path: RegExp, answer: (info: { request: Request }) => Promise<Response>): MswHandler }
}

/** Loads msw when it is asked for: nobody else needs to have it. */
function requireMsw(): Msw {
  try {
    const msw: unknown = createRequire(import.meta.url)('msw')
    if (isMsw(msw)) return msw
  } catch (cause) {
    throw new StemmaError('UNSUPPORTED', 'registryHandlers needs msw, which cannot be loaded', {
      hint: "npm install --save-dev msw@2. In Jest's mode for ES modules it cannot be required: import { http } from 'msw', and pass it as http.",
      cause
    })
  }
  throw new StemmaError('UNSUPPORTED', 'registryHandlers needs version 2 of msw', { hint: 'npm install --save-dev msw@2' })
}

function checkHttp(given: object): Msw['http'] {
  if (isHttp(given)) return given
  throw new StemmaError('INVALID_INPUT', 'registryHandlers options at http: wanted the http of msw', { hint: "import { http } from 'msw'" })
}

function isHttp(value: object): value is Msw['http'] {
  return 'all' in value && typeof value.all === 'function'
}

function isMsw(value: unknown): value is Msw {
  return typeof value === 'object' && value !== null && 'http' in value && 'HttpResponse' in value
}

/** As a pattern: an address may have signs that mean something else in one, `http://[::1]:5151`. */
function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

function readAddress(url: string): { host: string; origin: string; prefix: string } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || parsed.username !== '' || parsed.password !== '' || parsed.search !== '' || parsed.hash !== '') {
    throw new StemmaError('INVALID_INPUT', 'registryHandlers options at url: wanted the address of a registry', { hint: 'For instance https://registry.test or https://example.org/ml/registry.' })
  }
  return { host: parsed.host, origin: parsed.origin, prefix: parsed.pathname.replace(/\/+$/, '') }
}
