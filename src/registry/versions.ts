import { checkModelName } from '../record/model-name.js'
import type { ModelVersion } from '../schemas/model-version.js'
import type { CallOptions } from '../util/options.js'
import { beginCall, type RegistryContext } from './context.js'

/** Options of `versions`. */
export interface VersionsOptions extends CallOptions {
  /** @default false */
  includeDeleted?: boolean | undefined
}

/** All versions of a model, newest first; see `Registry.versions`. */
export async function* versions(context: RegistryContext, name: string, options: VersionsOptions = {}): AsyncGenerator<ModelVersion, void, undefined> {
  const signal = beginCall(context, options.signal)
  yield* context.backend.versions(checkModelName(name), { signal, includeDeleted: options.includeDeleted ?? false })
}
