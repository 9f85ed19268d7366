import * as z from 'zod'
import { openObject } from './open-object.js'

/** The stages that every registry knows. */
export const BUILT_IN_STAGES = ['none', 'staging', 'production', 'archived'] as const

/** Rules of a registry about stages, set when it is created. */
export const policySchema = openObject({
  /** Every stage, the four built-in ones among them. Own ones hold any number of versions. */
  stages: z.array(z.string().regex(/^[a-z][a-z0-9-]{0,63}$/)).max(64),
  /** Moves that are refused; `*` stands for any stage. */
  forbiddenMoves: z.array(openObject({ from: z.string(), to: z.string(), because: z.string().optional() })).max(1_000),
  /** Stages that can be entered only with a `reason`. */
  reasonRequiredFor: z.array(z.string()).max(64)
})
/** Rules of a registry about stages. */
export interface Policy extends z.infer<typeof policySchema> {}

/** What a registry has that was created without rules of its own. */
export const DEFAULT_POLICY: Policy = { stages: [...BUILT_IN_STAGES], forbiddenMoves: [], reasonRequiredFor: [] }
