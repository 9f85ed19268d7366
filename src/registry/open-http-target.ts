import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { defaultCacheRoot } from '../artifacts/cache-root.js'
import { openKnownDigests } from '../artifacts/cache/known-digests.js'
import type { Backend } from '../backends/backend.js'
import { openHttpBackend } from '../backends/http/open-http.js'
import { StemmaError } from '../errors/stemma-error.js'
import { createNodeStoreFs } from '../io/node-store-fs.js'
import { parse } from '../schemas/parse.js'
import { isLoopback } from '../util/is-loopback.js'
import type { Sources } from '../util/sources.js'
import { tokenSchema } from './check-open-options.js'
import type { OpenRegistryOptions } from './open-registry.js'

/** Opens a registry that a server has; in a file of its own, which loads the HTTP client. */
export async function openHttpTarget(baseUrl: string, options: OpenRegistryOptions, sources: Sources): Promise<Backend> {
  const { proxy, timeoutMs, allowedRedirectOrigins, logger, signal } = options
  if (options.policy !== undefined) {
    throw new StemmaError('INVALID_INPUT', 'openRegistry options: the rules of a registry that a server has are set over there', {
      hint: 'Leave policy out; open the folder of the registry with it before it is served.'
    })
  }
  const token = options.token ?? tokenFromEnvironment()
  if (token !== undefined) refuseOpenToken(baseUrl, options.allowInsecureHttp)
  const cacheRoot = resolve(options.cache ?? defaultCacheRoot(process.env, homedir()))
  return openHttpBackend({
    baseUrl,
    token,
    proxy,
    allowedRedirectOrigins,
    signal,
    sources,
    known: openKnownDigests(cacheRoot, createNodeStoreFs(sources), sources),
    ...(timeoutMs === undefined ? {} : { limits: { idleMs: timeoutMs, windowMs: timeoutMs } }),
    onUnreachable({ code, message }) {
      logger?.warn?.(`the registry ${baseUrl} cannot be reached; it is opened all the same, and each call tries again: ${message}`, { code })
    }
  })
}

function tokenFromEnvironment(): string | undefined {
  const token = process.env['STEMMA_TOKEN']
  return token === undefined || token === '' ? undefined : parse(tokenSchema, token, { what: 'STEMMA_TOKEN' })
}

function refuseOpenToken(baseUrl: string, allowInsecureHttp: boolean | undefined): void {
  const { protocol, hostname } = new URL(baseUrl)
  if (protocol === 'https:' || isLoopback(hostname) || allowInsecureHttp === true) return
  throw new StemmaError('INVALID_INPUT', `the token would go to ${baseUrl} over plain http, where everybody on the way can read it`, {
    hint: `Use https; or, on a network that you trust as a whole, openRegistry('${baseUrl}', { allowInsecureHttp: true }), which root functions take as their option registry.`,
    details: { registry: baseUrl }
  })
}
