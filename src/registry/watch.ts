import { isStemmaError } from '../errors/stemma-error.js'
import { toReference } from '../record/parse-reference.js'
import type { ModelVersion } from '../schemas/model-version.js'
import type { Reference, ReferenceInput } from '../schemas/reference.js'
import type { CallOptions } from '../util/options.js'
import { beginCall, type RegistryContext } from './context.js'

/** Yields the version that a reference means, and again whenever it means another; see `Registry.watch`. */
export async function* watch(
  context: RegistryContext,
  reference: string | ReferenceInput,
  options: CallOptions = {}
): AsyncGenerator<ModelVersion, void, undefined> {
  const signal = beginCall(context, options.signal)
  const parsed = toReference(reference)
  let seen: number | undefined
  const changes = context.backend.changes(parsed.name, { signal })[Symbol.asyncIterator]()
  try {
    while ((await changes.next()).done !== true) {
      if (context.isClosed()) return
      const version = await resolveIfThere(context, parsed, signal)
      if (version?.sequence === seen) continue
      seen = version?.sequence
      if (version) yield version
    }
  } finally {
    await changes.return?.()
  }
}

/** A reference may mean nothing for a while: nothing in production yet, or no longer. */
async function resolveIfThere(context: RegistryContext, reference: Reference, signal: AbortSignal | undefined): Promise<ModelVersion | undefined> {
  try {
    return await context.backend.resolve(reference, { signal })
  } catch (error) {
    if (isStemmaError(error, 'NOT_FOUND', 'VERSION_DELETED')) return undefined
    throw error
  }
}
