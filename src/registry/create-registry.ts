import type { Backend } from '../backends/backend.js'
import { systemSources } from '../util/sources.js'
import { bindVerbs } from './bind-verbs.js'
import { checkBackend } from './check-backend.js'
import { checkOpenOptions } from './check-open-options.js'
import { guardCalls } from './guard-calls.js'
import type { OpenRegistryOptions } from './open-registry.js'
import type { Registry } from './registry.js'

/** Options of {@link createRegistry}: those of `openRegistry` that do not concern where a registry is. */
export type CreateRegistryOptions = Pick<OpenRegistryOptions, 'cache' | 'outbox' | 'actor' | 'signal' | 'logger' | 'clock' | 'sources'>

const KNOWN: readonly (keyof CreateRegistryOptions)[] = ['cache', 'outbox', 'actor', 'signal', 'logger', 'clock', 'sources']

/**
 * A registry over a backend of your own: the same verbs, checks and cache as `openRegistry` gives.
 *
 * @param backend closed together with the registry
 * @throws {StemmaError} INVALID_INPUT for a backend that lacks a method, and for options that are none.
 * @example
 * ```ts
 * await using registry = createRegistry(await openBucketBackend('models'), { actor: 'nightly-training' })
 * await registry.logModel({ name: 'credit-score', artifacts: './out' })
 * ```
 */
export function createRegistry(backend: Backend, options: CreateRegistryOptions = {}): Registry {
  checkBackend(backend)
  const own = checkOpenOptions(options, 'createRegistry options', KNOWN)
  const base = own.sources ?? systemSources
  return guardCalls(bindVerbs(backend, own, own.clock ? { ...base, now: own.clock } : base))
}
