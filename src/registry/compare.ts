import { compareVersions } from '../record/compare-versions.js'
import { toReference } from '../record/parse-reference.js'
import type { VersionComparison } from '../schemas/comparison.js'
import type { ReferenceInput } from '../schemas/reference.js'
import type { CallOptions } from '../util/options.js'
import { beginCall, type RegistryContext } from './context.js'

/** What differs between two versions; see `Registry.compare`. */
export async function compare(
  context: RegistryContext,
  a: string | ReferenceInput,
  b: string | ReferenceInput,
  options: CallOptions = {}
): Promise<VersionComparison> {
  const signal = beginCall(context, options.signal)
  const [versionA, versionB] = await Promise.all([
    context.backend.resolve(toReference(a), { signal }),
    context.backend.resolve(toReference(b), { signal })
  ])
  return compareVersions(versionA, versionB)
}
