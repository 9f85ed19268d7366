import { statSync } from 'node:fs'
import { join } from 'node:path'
import { isStemmaError } from '../errors/stemma-error.js'
import { systemErrorCode } from '../io/system-error.js'
import { sha256Hex } from '../util/sha256.js'
import { defaultTarget } from './default-target.js'
import { openRegistry } from './open-registry.js'
import { OUT_OF_REACH } from './out-of-reach.js'
import type { Registry } from './registry.js'
import { parseTarget } from './target.js'

/** What every root function takes besides its own options. */
export interface RootOptions {
  /** An open registry, or the target of one. @default `STEMMA_REGISTRY`, else `.stemma` in the project's root */
  registry?: Registry | string | undefined
}

/** A registry that is named by its target, from the first call for it on. */
interface Opened {
  readonly access: 'read' | 'write'
  readonly registry: Promise<Registry>
  isOpening: boolean
  /** See {@link markOf}. */
  mark: string | undefined
}

/** By folder, or by target where there is none. */
const opened = new Map<string, Opened>()

/**
 * The registry that a root function works on. One that is named by its target is opened once and kept for the life of the
 * process, so that `memory:` keeps its models between calls and a service does not open its store again for each.
 *
 * A folder that was removed and made a registry again, as test suites do, is opened anew. One that is only gone is not: it may come
 * back, and until then whatever is asked of it is REGISTRY_UNAVAILABLE.
 *
 * @param options those of the call, which it checks itself: a program without types may have given none
 * @param access - only a writer makes a registry where there is none: a mistyped path must not look like an empty registry
 */
export function registryFor(options: RootOptions | null | undefined, access: 'read' | 'write' = 'read'): Promise<Registry> {
  const registry = options?.registry ?? undefined
  if (typeof registry === 'object') return Promise.resolve(registry)
  const target = registry ?? defaultTarget()
  const { key, root } = placeOf(target)
  const known = opened.get(key)
  if (known && isStill(known, markOf(root), access)) return known.registry
  const opening: Opened = { access, registry: openRegistry(target, { create: access === 'write' }), isOpening: true, mark: undefined }
  opened.set(key, opening)
  opening.registry.then(
    () => {
      opening.isOpening = false
      // A store that was made just now has a mark only from here on.
      opening.mark = markOf(root)
    },
    () => {
      if (opened.get(key) === opening) opened.delete(key)
    }
  )
  return opening.registry
}

/**
 * As {@link registryFor} for a reader, but while the registry cannot be opened, one in its place that has what is in the cache and
 * rejects everything else with the reason.
 */
export async function registryOrCache(options: RootOptions | null | undefined): Promise<Registry> {
  try {
    return await registryFor(options)
  } catch (error) {
    const registry = options?.registry ?? undefined
    if (typeof registry === 'object' || !isStemmaError(error, ...OUT_OF_REACH)) throw error
    const { assembleUnreachable } = await import('./assemble-registry.js')
    return assembleUnreachable(placeOf(registry ?? defaultTarget()).location, error)
  }
}

/** What a registry is kept under, and what it is called. `root` is the folder of a local one. */
function placeOf(target: string): { key: string; location: string; root: string | undefined } {
  const parsed = parseTarget(target)
  if (parsed.kind === 'local') return { key: parsed.root, location: parsed.root, root: parsed.root }
  if (parsed.kind === 'memory') return { key: target, location: target, root: undefined }
  if (parsed.kind === 'mlflow') return { key: `${parsed.address}\n${parsed.prefix}`, location: new URL(parsed.address).origin, root: undefined }
  // Another token is another caller.
  return { key: `${parsed.baseUrl}\n${sha256Hex(process.env['STEMMA_TOKEN'] ?? '')}`, location: parsed.baseUrl, root: undefined }
}

function isStill({ mark, isOpening, access }: Opened, found: string | undefined, wanted: 'read' | 'write'): boolean {
  // A reader's opening fails where there is nothing yet, which a writer would make.
  if (isOpening) return access === 'write' || wanted === 'read'
  return found === undefined || found === mark
}

/** What tells the registry in a folder from one that was made there later; `undefined` while there is none to be seen. */
function markOf(root: string | undefined): string | undefined {
  if (root === undefined) return undefined
  try {
    const { ino, birthtimeMs } = statSync(join(root, 'store.json'))
    return `${ino}:${birthtimeMs}`
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return undefined
  }
}
