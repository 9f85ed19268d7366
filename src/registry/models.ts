import type { ModelSummary } from '../schemas/model-version.js'
import type { CallOptions } from '../util/options.js'
import { beginCall, type RegistryContext } from './context.js'

/** All models, by name; see `Registry.models`. */
export async function* models(context: RegistryContext, options: CallOptions = {}): AsyncGenerator<ModelSummary, void, undefined> {
  const signal = beginCall(context, options.signal)
  yield* context.backend.models({ signal })
}
