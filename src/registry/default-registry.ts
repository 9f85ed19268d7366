import { statSync } from 'node:fs'
import { join } from 'node:path'
import { defaultTarget } from './default-target.js'
import { openRegistry } from './open-registry.js'
import type { Registry } from './registry.js'
import { parseTarget } from './target.js'

/** What every root function takes besides its own options. */
export interface RootOptions {
  /** An open registry, or the target of one. @default `STEMMA_REGISTRY`, else `.stemma` in the project's root */
  registry?: Registry | string | undefined
}

const opened = new Map<string, Promise<Registry>>()

/**
 * The registry that a root function works on. One that is named by its target is opened once and kept for the life of the
 * process, so that `memory:` keeps its models between calls and a service does not open its store again for each.
 *
 * @param access - only a writer makes a registry where there is none: a mistyped path must not look like an empty registry
 */
export function registryFor(registry: Registry | string | undefined, access: 'read' | 'write' = 'read'): Promise<Registry> {
  if (typeof registry === 'object') return Promise.resolve(registry)
  const target = registry ?? defaultTarget()
  const key = identity(target)
  const known = opened.get(key)
  if (known) return known
  const opening = openRegistry(target, { create: access === 'write' }).then(
    (result) => {
      // A store that was made just now has an identity only from here on.
      opened.delete(key)
      opened.set(identity(target), opening)
      return result
    },
    (error: unknown) => {
      opened.delete(key)
      throw error
    }
  )
  opened.set(key, opening)
  return opening
}

/** A folder that was removed and made again, as test suites do, is another registry than before. */
function identity(target: string): string {
  const parsed = parseTarget(target)
  if (parsed.kind !== 'local') return target
  const file = statSync(join(parsed.root, 'store.json'), { throwIfNoEntry: false })
  return `${parsed.root}\0${file ? `${file.ino}:${file.birthtimeMs}` : 'new'}`
}
