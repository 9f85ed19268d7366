import { StemmaError } from '../errors/stemma-error.js'
import type { RegistryContext } from './context.js'
import type { Registry } from './registry.js'

/** Shared by all copies of this package, since the server may be loaded from another one than the registry. */
const CONTEXT = Symbol.for('stemma.registry-context')

interface WithContext {
  readonly [CONTEXT]: () => RegistryContext
}

/** A registry that {@link contextOf} can look into. A function, so that printing the registry prints nothing of it. */
export function withContext(registry: Registry, context: RegistryContext): Registry & WithContext {
  return Object.assign(registry, { [CONTEXT]: () => context })
}

/**
 * What a registry of `openRegistry` works with: what a server needs besides the verbs.
 *
 * @throws {StemmaError} INVALID_INPUT for anything else.
 */
export function contextOf(registry: object): RegistryContext {
  if (hasContext(registry)) return registry[CONTEXT]()
  throw new StemmaError('INVALID_INPUT', 'registry: wanted what openRegistry() or createRegistry() gave', { hint: 'Pass the registry itself, not a copy of some of its verbs.' })
}

function hasContext(value: object): value is WithContext {
  return CONTEXT in value
}
