import type { Backend } from '../../src/backends/backend.js'
import { createMemoryBackend } from '../../src/backends/memory/create-memory-backend.js'
import { createRegistry } from '../../src/registry/create-registry.js'
import type { Registry } from '../../src/registry/registry.js'
import { systemSources } from '../../src/util/sources.js'

/** A registry whose store notes every call that reaches it: what a refused request must not do. */
export function untouchableRegistry(): { registry: Registry; touched: string[] } {
  const touched: string[] = []
  const backend: Backend = createMemoryBackend({ sources: systemSources })
  const watched = new Proxy(backend, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver)
      if (typeof value !== 'function' || name === 'close') return value
      return (...given: unknown[]) => {
        touched.push(String(name))
        const result: unknown = Reflect.apply(value, target, given)
        return result
      }
    }
  })
  return { registry: createRegistry(watched), touched }
}
