import { toReference } from '../record/parse-reference.js'
import type { ReferenceInput } from '../schemas/reference.js'
import type { VerificationReport } from '../schemas/report.js'
import type { TransferOptions } from '../util/options.js'
import { beginCall, type RegistryContext } from './context.js'

/** Re-reads and re-hashes what is stored; see `Registry.verify`. */
export async function verify(
  context: RegistryContext,
  reference?: string | ReferenceInput,
  options: TransferOptions = {}
): Promise<VerificationReport> {
  const signal = beginCall(context, options.signal)
  return context.backend.verify(
    { reference: reference === undefined ? undefined : toReference(reference) },
    { signal, onProgress: options.onProgress }
  )
}
