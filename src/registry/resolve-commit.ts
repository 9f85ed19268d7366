import { checkModelName } from '../record/model-name.js'
import type { CallOptions } from '../util/options.js'
import { beginCall, type RegistryContext } from './context.js'

/** Whether a commit of unknown outcome took place; see `Registry.resolveCommit`. */
export async function resolveCommit(
  context: RegistryContext,
  name: string,
  commitId: string,
  options: CallOptions = {}
): Promise<{ n: number } | undefined> {
  const signal = beginCall(context, options.signal)
  return context.backend.resolveCommit(checkModelName(name), commitId, { signal })
}
