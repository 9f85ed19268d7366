import { isStemmaError } from '../errors/stemma-error.js'
import type { ModelVersion } from '../schemas/model-version.js'
import type { ReferenceInput } from '../schemas/reference.js'
import type { CallOptions } from '../util/options.js'
import type { RegistryContext } from './context.js'
import { getVersion } from './get-version.js'

/** The version that a reference means, or `undefined`; see `Registry.findVersion`. */
export async function findVersion(context: RegistryContext, reference: string | ReferenceInput, options: CallOptions = {}): Promise<ModelVersion | undefined> {
  try {
    return await getVersion(context, reference, options)
  } catch (error) {
    if (isStemmaError(error, 'NOT_FOUND')) return undefined
    throw error
  }
}
