import * as z from 'zod'
import { toReference } from '../record/parse-reference.js'
import type { LineageGraph } from '../schemas/lineage.js'
import { parse } from '../schemas/parse.js'
import type { ReferenceInput } from '../schemas/reference.js'
import type { CallOptions } from '../util/options.js'
import { parseOptions } from './check-options.js'
import { beginCall, type RegistryContext } from './context.js'

/**
 * Where a lineage starts: at a version, or at a data set (all versions of it, if none is named), a commit (the full hash or its
 * first 7 digits or more) or an environment, to find what was made from it.
 */
export type LineageOrigin =
  | string
  | ReferenceInput
  | { dataset: string; version?: string | undefined; digest?: string | undefined }
  | { commit: string }
  | { environment: string }

/** Options of `lineage`. */
export interface LineageOptions extends CallOptions {
  /** From a version: what it was made from, what was made from it. From anything else it is `descendants`. @default 'both' */
  direction?: 'ancestors' | 'descendants' | 'both' | undefined
  /** How many steps from version to version. @default 10 */
  maxHops?: number | undefined
}

const optionsSchema = z.object({ direction: z.enum(['ancestors', 'descendants', 'both']).default('both'), maxHops: z.int().min(0).max(1_000).default(10) })
const thingSchema = z.union([
  z.strictObject({ dataset: z.string().min(1), version: z.string().optional(), digest: z.string().optional() }),
  z.strictObject({ commit: z.string().regex(/^[0-9a-fA-F]{7,64}$/) }),
  z.strictObject({ environment: z.string().min(1) })
])

/** What made a version and what was made from it; see `Registry.lineage`. */
export async function lineage(context: RegistryContext, origin: LineageOrigin, options: LineageOptions = {}): Promise<LineageGraph> {
  const signal = beginCall(context, options.signal)
  const { direction, maxHops } = parseOptions(optionsSchema, options, { what: 'lineage options' })
  if (typeof origin === 'string' || isReferenceInput(origin)) {
    return context.backend.lineage({ origin: { kind: 'version', reference: toReference(origin), direction }, maxHops }, { signal })
  }
  const thing = parse(thingSchema, origin, {
    what: 'lineage origin',
    hint: "pass a reference, { dataset: 'patients' }, { commit: '<hash>' } or { environment: 'sha256:…' }"
  })
  if ('dataset' in thing) {
    const { dataset: name, version, digest } = thing
    return context.backend.lineage({ origin: { kind: 'dataset', name, version, digest }, maxHops }, { signal })
  }
  if ('commit' in thing) return context.backend.lineage({ origin: { kind: 'code', commit: thing.commit }, maxHops }, { signal })
  return context.backend.lineage({ origin: { kind: 'environment', digest: thing.environment }, maxHops }, { signal })
}

function isReferenceInput(origin: LineageOrigin): origin is ReferenceInput {
  const given: unknown = origin
  return typeof given === 'object' && given !== null && 'name' in given
}
