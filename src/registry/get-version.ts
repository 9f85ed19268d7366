import { toReference } from '../record/parse-reference.js'
import type { ModelVersion } from '../schemas/model-version.js'
import type { ReferenceInput } from '../schemas/reference.js'
import type { CallOptions } from '../util/options.js'
import { beginCall, type RegistryContext } from './context.js'

/** Resolves a reference to its version's metadata; see `Registry.getVersion`. */
export async function getVersion(context: RegistryContext, reference: string | ReferenceInput, options: CallOptions = {}): Promise<ModelVersion> {
  const signal = beginCall(context, options.signal)
  return context.backend.resolve(toReference(reference), { signal })
}
