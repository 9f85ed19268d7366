import { StemmaError } from '../errors/stemma-error.js'
import { openRegistry } from '../registry/open-registry.js'
import { contextOf } from '../registry/registry-context.js'
import { systemSources } from '../util/sources.js'
import type { ServerContext } from './context.js'
import { isLoopback, isWildcard, listenedOn } from './hosts.js'
import { checkServerOptions, type ServerOptions } from './server-options.js'
import { startHttp, type RunningServer } from './start-http.js'
import { openTokens } from './token-source.js'

/** A server of one registry. */
export interface StemmaServer extends AsyncDisposable {
  /**
   * Begins to listen; the same promise when called again.
   *
   * @returns the address, `http://127.0.0.1:5151`.
   * @throws {StemmaError} INVALID_INPUT for a host beyond this machine without tokens, and for a port that is taken; and what opening the
   * registry throws.
   */
  listen(): Promise<string>
  /** `http://127.0.0.1:5151`; `undefined` while it does not listen. */
  readonly url: string | undefined
  /**
   * Stops: no new connections and requests, those that run may finish, streams of changes end. A registry that the server has opened is
   * closed. Idempotent.
   *
   * @param options.graceMs time after which the rest is cut. @default 30_000
   */
  close(options?: { graceMs?: number | undefined }): Promise<void>
}

const DEFAULT_GRACE_MS = 30_000

/**
 * Makes an HTTP server of a registry, for `openRegistry('http://…')` on other machines. Opens nothing until `listen()`.
 *
 * @throws {StemmaError} INVALID_INPUT for options that are none, hosts and origins included, and for a target at `http(s)://…`.
 * @example
 * ```ts
 * await using server = createServer({ registry: './models', tokens: './tokens.json', host: '0.0.0.0', allowedHosts: ['registry.example.org'] })
 * console.log(await server.listen())
 * ```
 */
export function createServer(options: ServerOptions): StemmaServer {
  const settings = checkServerOptions(options)
  const { limits, logger, host } = settings
  const sources = settings.sources ?? systemSources
  const closing = new AbortController()
  let starting: Promise<RunningServer> | undefined
  let running: RunningServer | undefined
  let stopping: Promise<void> | undefined

  const start = async (): Promise<RunningServer> => {
    if (settings.tokens === undefined && !isLoopback(host)) {
      throw new StemmaError('INVALID_INPUT', `without tokens the server listens to this machine only, not to ${host}`, {
        hint: "Make one by stemma token create --name ci --scope write --tokens tokens.json, and pass --tokens tokens.json (createServer: tokens: 'tokens.json').",
        details: { host }
      })
    }
    const tokens = await openTokens(settings.tokens, logger)
    const isOwn = typeof settings.registry === 'string'
    const registry = typeof settings.registry === 'string' ? await openRegistry(settings.registry, { logger }) : settings.registry
    const context: ServerContext = { registry, backend: contextOf(registry).backend, sources, logger, limits, closing: closing.signal }
    let begun: RunningServer | undefined
    try {
      begun = await startHttp(context, settings, { tokens, ownsRegistry: isOwn })
      tell(begun, (await tokens())?.length)
      return begun
    } catch (error) {
      // A server that did not start holds nothing: no port, no store.
      if (begun) await begun.stop(0)
      else if (isOwn) await registry.close()
      throw error
    }
  }
  const tell = ({ url, port, hosts }: RunningServer, tokens: number | undefined): void => {
    logger.info?.(`listening on ${listenedOn(host, port)} ${tokens === undefined ? 'without tokens' : `with ${tokens} ${tokens === 1 ? 'token' : 'tokens'}`}`, { url, host, port, tokens })
    if (isLoopback(host)) return
    logger.info?.(`the hosts that are answered are ${hosts.join(', ')}`, { hosts })
    if (isWildcard(host) && settings.allowedHosts.length === 0) {
      logger.warn?.('calls from other machines will be refused: name the hosts that they call by --allow-host (createServer: allowedHosts)')
    }
  }
  const stop = async (graceMs: number): Promise<void> => {
    closing.abort(new StemmaError('CLOSED', 'the server is stopping', { retryable: true }))
    const begun = await starting?.catch(() => undefined)
    await begun?.stop(graceMs)
    running = undefined
  }
  const close = (closeOptions: { graceMs?: number | undefined } = {}): Promise<void> => (stopping ??= stop(closeOptions.graceMs ?? DEFAULT_GRACE_MS))
  return {
    listen: async () => {
      if (closing.signal.aborted) throw new StemmaError('CLOSED', 'the server was closed', { hint: 'Make another one with createServer().' })
      running = await (starting ??= start())
      return running.url
    },
    get url() {
      return running?.url
    },
    close,
    [Symbol.asyncDispose]: () => close()
  }
}
