import { StemmaError } from '../errors/stemma-error.js'
import type { GarbageReport } from '../schemas/report.js'
import type { TransferOptions } from '../util/options.js'
import { garbageOptionsSchema, parseOptions } from './check-options.js'
import { beginCall, type RegistryContext } from './context.js'

const HOUR_MS = 3_600_000

/** Options of `collectGarbage`. */
export interface GarbageOptions extends TransferOptions {
  /** Only say what would be done. @default false */
  dryRun?: boolean | undefined
  /**
   * Bytes younger than this are kept though no version needs them: a writer may be about to. At least one hour unless `force`.
   * @default 604_800_000 (7 days)
   */
  graceMs?: number | undefined
  /** Allows a grace below one hour. Only when nobody writes to the registry. @default false */
  force?: boolean | undefined
}

/** Removes bytes that no version needs; see `Registry.collectGarbage`. */
export async function collectGarbage(context: RegistryContext, options: GarbageOptions = {}): Promise<GarbageReport> {
  const signal = beginCall(context, options.signal)
  const { dryRun = false, graceMs = 7 * 24 * HOUR_MS, force } = parseOptions(garbageOptionsSchema, options, { what: 'collectGarbage options' })
  if (!Number.isFinite(graceMs) || graceMs < 0 || (graceMs < HOUR_MS && force !== true)) {
    throw new StemmaError('INVALID_INPUT', `collectGarbage: graceMs must be at least ${HOUR_MS} (one hour), found ${graceMs}`, {
      hint: 'a shorter grace can remove bytes that a running logModel needs; pass force: true only when nobody writes',
      details: { graceMs }
    })
  }
  return context.backend.collectGarbage({ dryRun, graceMs }, { signal, onProgress: options.onProgress })
}
