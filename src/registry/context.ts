import { defaultMaxListeners, getMaxListeners, setMaxListeners } from 'node:events'
import type { ModelCache } from '../artifacts/cache/model-cache.js'
import type { Backend } from '../backends/backend.js'
import { StemmaError } from '../errors/stemma-error.js'
import type { Sources } from '../util/sources.js'

/** Where stemma says what it does, one line of text and plain data each. Missing methods are not called. */
export interface Logger {
  /** What is of interest only when something is looked for. */
  debug?(message: string, data?: Readonly<Record<string, unknown>>): void
  /** What went as it should. */
  info?(message: string, data?: Readonly<Record<string, unknown>>): void
  /** What was got over, but should be looked at. */
  warn?(message: string, data?: Readonly<Record<string, unknown>>): void
  /** What failed without a caller to tell. */
  error?(message: string, data?: Readonly<Record<string, unknown>>): void
}

/** What every verb works with: the open backend and what `openRegistry` was told. */
export interface RegistryContext {
  readonly backend: Backend
  readonly sources: Sources
  readonly logger: Logger
  readonly cache: ModelCache
  /** The folder where models wait while the registry is out of reach. */
  readonly outbox: () => string
  /** Who asks for changes when a call does not say. */
  readonly actor: string | undefined
  /** Ends every call of this registry, from `openRegistry({ signal })`. */
  readonly signal: AbortSignal | undefined
  /** Aborted by `close()`. */
  readonly closed: AbortSignal
}

/**
 * The signal of a call: the caller's, the registry's, or whichever of both comes first.
 *
 * @throws {StemmaError} CLOSED after `close()`; and `signal.reason` when one is aborted already.
 */
export function beginCall(context: RegistryContext, signal: AbortSignal | undefined): AbortSignal | undefined {
  if (context.closed.aborted) {
    throw new StemmaError('CLOSED', `the registry ${context.backend.location} was closed`, { hint: 'open it again with openRegistry()' })
  }
  const combined = signal && context.signal ? AbortSignal.any([signal, context.signal]) : (signal ?? context.signal)
  combined?.throwIfAborted()
  if (combined) allowListeners(combined)
  return combined
}

/**
 * A service gives one signal to all of its calls, and each listens to it while it runs: more than ten at a time are no leak, which
 * Node would warn of. A limit that the program has set itself stays.
 */
function allowListeners(signal: AbortSignal): void {
  try {
    if (getMaxListeners(signal) === defaultMaxListeners) setMaxListeners(0, signal)
  } catch {
    // A signal of another realm, which Node does not count.
  }
}
