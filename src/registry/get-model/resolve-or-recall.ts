import { isStemmaError } from '../../errors/stemma-error.js'
import { formatReference } from '../../record/format-reference.js'
import type { ModelVersion } from '../../schemas/model-version.js'
import type { Reference } from '../../schemas/reference.js'
import type { RegistryContext } from '../context.js'
import { OUT_OF_REACH } from '../out-of-reach.js'

/**
 * The version that a reference means; with `last-known-good`, when the registry is out of reach, what it meant when this machine
 * last asked.
 */
export async function resolveOrRecall(
  context: RegistryContext,
  reference: Reference,
  fallback: 'none' | 'last-known-good',
  signal: AbortSignal | undefined
): Promise<{ version: ModelVersion; stale: boolean }> {
  const key = `${context.backend.location}\n${formatReference(reference)}`
  try {
    const version = await context.backend.resolve(reference, { signal, hasFallback: fallback === 'last-known-good' })
    await context.cache.rememberResolution(key, version)
    return { version, stale: false }
  } catch (error) {
    if (fallback !== 'last-known-good' || !isStemmaError(error, ...OUT_OF_REACH)) throw error
    const remembered = await context.cache.recallResolution(key)
    if (!remembered) throw error
    const { version, rememberedAtMs } = remembered
    context.logger.warn?.(`the registry ${context.backend.location} cannot be reached; using ${version.name}@${version.version}, known since it last answered`, {
      code: error.code,
      lastKnownAt: new Date(rememberedAtMs).toISOString()
    })
    return { version, stale: true }
  }
}
