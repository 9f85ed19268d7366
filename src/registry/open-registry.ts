import type { Policy } from '../schemas/policy.js'
import type { Sources } from '../util/sources.js'
import type { Logger } from './context.js'
import { defaultTarget } from './default-target.js'
import type { Registry } from './registry.js'

/** Options of `openRegistry`. */
export interface OpenRegistryOptions {
  /**
   * `full`: what was acknowledged survives a power cut; `none`: it survives a crash of the program only. For a folder: of a registry at
   * `http(s)://…` the server decides, and `capabilities.durable` tells. @default 'full'
   */
  durability?: 'full' | 'none' | undefined
  /** Make the registry when there is none yet, in a folder or on an MLflow server; of no meaning for `http(s)://…`. @default true */
  create?: boolean | undefined
  /** Stages and rules of a registry that is made now. An existing one keeps its own; other ones given here are a CONFLICT. */
  policy?: Partial<Policy> | undefined
  /** Folder of the cache of models. @default `STEMMA_CACHE`, else the user's cache folder */
  cache?: string | undefined
  /** Folder where models wait that were logged with `offline: 'queue'`. @default `STEMMA_OUTBOX`, else `.stemma-outbox` in the project's root */
  outbox?: string | undefined
  /** Who asks for changes, kept in the history, when a call does not say. @default `STEMMA_ACTOR`, else nobody */
  actor?: string | undefined
  /**
   * What a registry at `http(s)://…` knows its caller by. It is sent to that origin only, and not over plain http beyond this machine.
   * @default `STEMMA_TOKEN`, else none
   */
  token?: string | undefined
  /** Send the token over plain http beyond this machine, where everybody on the way can read it. @default false */
  allowInsecureHttp?: boolean | undefined
  /** `'environment'` (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), or the address of an HTTP proxy, for a registry at `http(s)://…`. @default none */
  proxy?: string | undefined
  /** Silence after which a request to a registry at `http(s)://…` is given up, milliseconds. @default 30_000 */
  timeoutMs?: number | undefined
  /** Origins that a registry at `http(s)://…` may redirect reading to, `https://blobs.example.org`; they get no token. @default none */
  allowedRedirectOrigins?: readonly string[] | undefined
  /** Ends every running call of the registry. */
  signal?: AbortSignal | undefined
  /** @default silent */
  logger?: Logger | undefined
  /** Milliseconds since 1970, for tests. @default the machine's clock */
  clock?: (() => number) | undefined
  /** Time and randomness in full, for tests. */
  sources?: Sources | undefined
}

/**
 * Opens a registry: `./dir` or `file:…` for a folder, `http(s)://…` for one that a server has, `memory:` for one that ends with the process.
 *
 * One at `http(s)://…` opens also while it cannot be reached, with a warning to the logger: each call tries again, and `getModel` with
 * `fallback: 'last-known-good'` has what is in the cache.
 *
 * @param target @default `STEMMA_REGISTRY`, else `.stemma` in the project's root
 * @throws {StemmaError} REGISTRY_UNAVAILABLE (there is none, and `create` is false), STORE_INVALID (not a stemma store), FORMAT_TOO_NEW,
 * ACCESS_DENIED, READ_ONLY, INVALID_INPUT, UNSUPPORTED; for `http(s)://…` UNAUTHENTICATED, FORBIDDEN, PROTOCOL_ERROR (something else answers there).
 * @example
 * ```ts
 * await using registry = await openRegistry('./models', { actor: 'nightly-training' })
 * for await (const model of registry.models()) console.log(model.name, model.latest)
 * ```
 */
export async function openRegistry(target: string = defaultTarget(), options: OpenRegistryOptions = {}): Promise<Registry> {
  // Validation, the journal and the rules load here, at first use: importing stemma stays cheap.
  const { assembleRegistry } = await import('./assemble-registry.js')
  return assembleRegistry(target, options)
}
