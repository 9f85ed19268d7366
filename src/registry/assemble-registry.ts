import type { Backend } from '../backends/backend.js'
import { openLocalBackend } from '../backends/local/open-local.js'
import { createMemoryBackend } from '../backends/memory/create-memory-backend.js'
import { unreachableBackend } from '../backends/unreachable-backend.js'
import type { StemmaError } from '../errors/stemma-error.js'
import { checkPolicy } from '../record/check-policy.js'
import { systemSources, type Sources } from '../util/sources.js'
import { bindVerbs } from './bind-verbs.js'
import { checkOpenOptions } from './check-open-options.js'
import { guardCalls } from './guard-calls.js'
import type { OpenRegistryOptions } from './open-registry.js'
import type { Registry } from './registry.js'
import { parseTarget } from './target.js'

/** What `openRegistry` does, in a file of its own: all that it needs loads together, at the first call. */
export async function assembleRegistry(target: string, options: OpenRegistryOptions): Promise<Registry> {
  const own = checkOpenOptions(options)
  own.signal?.throwIfAborted()
  const base = own.sources ?? systemSources
  const sources = own.clock ? { ...base, now: own.clock } : base
  return guardCalls(bindVerbs(await openBackend(target, own, sources), own, sources))
}

/** A registry in place of one that cannot be opened: it has what is in the cache, and rejects everything else with the reason. */
export function assembleUnreachable(location: string, reason: StemmaError): Registry {
  return guardCalls(bindVerbs(unreachableBackend(location, reason), {}, systemSources))
}

async function openBackend(target: string, options: OpenRegistryOptions, sources: Sources): Promise<Backend> {
  const parsed = parseTarget(target)
  if (parsed.kind === 'http') {
    // The HTTP client is much code, which a registry in a folder does without.
    const { openHttpTarget } = await import('./open-http-target.js')
    return openHttpTarget(parsed.baseUrl, options, sources)
  }
  if (parsed.kind === 'mlflow') {
    const { openMlflowTarget } = await import('./open-mlflow-target.js')
    return openMlflowTarget(parsed, options, sources)
  }
  const policy = options.policy === undefined ? undefined : checkPolicy(options.policy)
  if (parsed.kind === 'memory') return createMemoryBackend({ policy, sources })
  const warn = (message: string, data: Readonly<Record<string, unknown>>): void => options.logger?.warn?.(message, data)
  return openLocalBackend({ root: parsed.root, warn, policy, sources, durable: options.durability !== 'none', create: options.create ?? true })
}
