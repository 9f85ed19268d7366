import { checkModelName } from '../record/model-name.js'
import { toReference } from '../record/parse-reference.js'
import type { HistoryEntry } from '../schemas/history.js'
import type { ReferenceInput } from '../schemas/reference.js'
import type { CallOptions } from '../util/options.js'
import { beginCall, type RegistryContext } from './context.js'

/** Every change of a model or of one version; see `Registry.history`. */
export async function* history(
  context: RegistryContext,
  nameOrReference: string | ReferenceInput,
  options: CallOptions = {}
): AsyncGenerator<HistoryEntry, void, undefined> {
  const signal = beginCall(context, options.signal)
  yield* context.backend.history(target(nameOrReference), { signal })
}

/** A bare name asks for the whole model here, not for its latest version. */
function target(nameOrReference: string | ReferenceInput): { name: string; reference?: ReturnType<typeof toReference> } {
  if (typeof nameOrReference === 'string' && !/[@#?]/.test(nameOrReference)) return { name: checkModelName(nameOrReference) }
  const reference = toReference(nameOrReference)
  if (typeof nameOrReference === 'object' && Object.keys(nameOrReference).length === 1) return { name: reference.name }
  return { name: reference.name, reference }
}
