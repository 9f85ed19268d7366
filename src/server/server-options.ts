import type { Writable } from 'node:stream'
import * as z from 'zod'
import { StemmaError } from '../errors/stemma-error.js'
import type { Logger } from '../registry/context.js'
import { ownFields } from '../registry/own-options.js'
import type { Registry } from '../registry/registry.js'
import { parseTarget } from '../registry/target.js'
import { parse } from '../schemas/parse.js'
import type { Sources } from '../util/sources.js'
import type { AccessEntry } from './access-log.js'
import { checkAllowedHost } from './hosts.js'
import { DEFAULT_LIMITS, LIMIT_NAMES, type ServerLimits } from './limits.js'
import type { TokenRecord } from './tokens.js'

/** Options of `createServer`. */
export interface ServerOptions {
  /**
   * An open registry, which stays the caller's to close; or the target of one, which the server opens and closes. A target at `http(s)://…`
   * or `mlflow+http(s)://…` is refused: everybody would act by the token of this process over there.
   */
  registry: Registry | string
  /**
   * Who may come in: records of `createToken`, or the path of a JSON file of them, which is read again when it changes. Without, everybody on
   * this machine may do everything, and the server listens to this machine only.
   */
  tokens?: readonly TokenRecord[] | string | undefined
  /** @default '127.0.0.1' */
  host?: string | undefined
  /** `0`: any that is free. @default 5151 */
  port?: number | undefined
  /** Values of `Host` that are answered besides `localhost`, `127.0.0.1` and `[::1]` with the port: `registry.example.org`. */
  allowedHosts?: readonly string[] | undefined
  /** Values of `Origin` that are answered: `https://registry.example.org`. No reply ever allows another page to read it. @default none */
  allowedOrigins?: readonly string[] | undefined
  /** What one client may cost. @default see {@link ServerLimits} */
  limits?: Partial<ServerLimits> | undefined
  /** Told of every request when it has ended: a function, or a stream that gets one line of JSON each. @default nobody */
  accessLog?: ((entry: AccessEntry) => void) | Writable | undefined
  /** Whether figures for Prometheus are kept and `/metrics` shows them. @default true */
  metrics?: boolean | undefined
  /** For the operator. @default silent */
  logger?: Logger | undefined
  /** Time and randomness, for tests. */
  sources?: Sources | undefined
}

/** Options with their defaults. */
export interface ServerSettings extends Omit<ServerOptions, 'limits'> {
  host: string
  port: number
  allowedHosts: readonly string[]
  allowedOrigins: readonly string[]
  limits: ServerLimits
  metrics: boolean
  logger: Logger
}

/** Timers take no more; only the size of an upload may be larger. */
const MAX_LIMIT = 2_147_483_647
const limit = z.int().min(1)
const optionsSchema = z.object({
  host: z.string().max(255).default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(5151),
  allowedHosts: z.array(z.string()).max(1_000).default([]),
  allowedOrigins: z.array(z.string()).max(1_000).default([]),
  limits: z
    .partialRecord(z.enum(LIMIT_NAMES), limit)
    .refine((limits) => Object.entries(limits).every(([name, value]) => name === 'maxUploadBytes' || value <= MAX_LIMIT), { error: `at most ${MAX_LIMIT}` })
    .default({}),
  metrics: z.boolean().default(true)
})
const KNOWN = ['registry', 'tokens', 'host', 'port', 'allowedHosts', 'allowedOrigins', 'limits', 'accessLog', 'metrics', 'logger', 'sources']

/** The options of `createServer`, checked. @throws {StemmaError} INVALID_INPUT */
export function checkServerOptions(options: ServerOptions): ServerSettings {
  const what = 'createServer options'
  const own = ownFields(options, what, KNOWN)
  const registry: unknown = own.registry
  if (typeof registry !== 'string' && (typeof registry !== 'object' || registry === null)) {
    throw new StemmaError('INVALID_INPUT', `${what} at registry: wanted an open registry or its target`, { hint: "Pass registry: './models', or what openRegistry() gave." })
  }
  const { limits, ...parsed } = parse(optionsSchema, own, { what })
  for (const host of parsed.allowedHosts) checkAllowedHost(host)
  for (const origin of parsed.allowedOrigins) checkOrigin(origin)
  if (typeof registry === 'string') refuseAddress(registry)
  return { ...own, ...parsed, limits: { ...DEFAULT_LIMITS, ...limits }, logger: own.logger ?? {} }
}

/** Whoever comes in would act by the token of this process over there, whatever is allowed to them here. */
function refuseAddress(target: string): void {
  const { kind } = parseTarget(target)
  if (kind !== 'http' && kind !== 'mlflow') return
  throw new StemmaError('INVALID_INPUT', `the registry to serve is served already: its target is ${kind === 'http' ? 'an http address' : 'an MLflow server'}`, {
    hint: 'Name its folder with --registry (createServer: registry). To serve it again all the same, pass createServer what openRegistry() gave: everybody then acts by its token.'
  })
}

function checkOrigin(origin: string): void {
  if (URL.canParse(origin) && new URL(origin).origin === origin) return
  throw new StemmaError('INVALID_INPUT', `allowedOrigins (--allow-origin): ${JSON.stringify(origin)} is not an origin`, {
    hint: 'Write scheme, host and port alone: https://registry.example.org',
    details: { origin }
  })
}
