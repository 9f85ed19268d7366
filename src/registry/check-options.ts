import * as z from 'zod'
import { actorSchema } from '../schemas/actor.js'
import { parse, type ParseContext } from '../schemas/parse.js'
import { checkMetadata } from '../record/metadata-value.js'
import { ownFields } from './own-options.js'
import { refuseSecretShapes } from './refuse-secret-shapes.js'

const text = z.string().max(10_000)

/** Options that mutations share; see `MutationOptions`. */
const mutationSchema = z.object({ operationId: z.string().min(1).max(256).optional(), actor: actorSchema.optional() })

/** The options of `transitionStage`, checked. */
export const transitionOptionsSchema = mutationSchema.extend({
  audience: text.optional(),
  reason: text.optional(),
  expectedCurrent: z.string().nullable().optional()
})

/** The options of `rollback`, checked. */
export const rollbackOptionsSchema = transitionOptionsSchema.extend({ to: z.union([z.string(), z.number()]).optional() })

/** The options of `deleteVersion`, checked. */
export const deleteOptionsSchema = mutationSchema.extend({ reason: text.min(1) })

/** The changes and options of `updateMetadata`, checked but for tags and metrics. */
export const updateChangesSchema = z.strictObject({
  tags: z.unknown().optional(),
  description: z.string().max(65_536).nullable().optional(),
  metrics: z.unknown().optional(),
  aliases: z.array(z.string()).max(100).optional(),
  removeAliases: z.array(z.string()).max(100).optional(),
  approval: z.strictObject({ by: actorSchema, decision: z.enum(['approved', 'rejected']), comment: text.optional() }).optional(),
  reason: text.optional()
})

/** The options of `collectGarbage`, checked but for how `graceMs` and `force` go together. */
export const garbageOptionsSchema = z.object({ dryRun: z.boolean().optional(), graceMs: z.number().optional(), force: z.boolean().optional() })

/** The shared options of a mutation, checked. */
export function checkMutation(options: { operationId?: string | undefined; actor?: string | undefined }, verb: string): z.infer<typeof mutationSchema> {
  return parseMutation(mutationSchema, options, `${verb} options`)
}

/** Options that go into the history, by their schema. @throws {StemmaError} INVALID_INPUT, SECRET_IN_METADATA */
export function parseMutation<T extends z.ZodObject>(schema: T, options: unknown, what: string, hint?: string): z.output<T> {
  const parsed = parseOptions(schema, options, { what, hint })
  const { actor, operationId, audience } = parsed
  refuseSecretShapes({ actor, operationId, audience })
  return parsed
}

/** Options by their schema, as an object of their own fields: what is absent is not looked for on `Object.prototype`. */
export function parseOptions<T extends z.ZodObject>(schema: T, options: unknown, context: ParseContext): z.output<T> {
  return ownFields(parse(schema, options, context), context.what)
}

/** A text that goes into the history: well-formed, so that it is stored as it was given. */
export function checkText(value: string | undefined, what: string): string | undefined {
  if (value !== undefined) checkMetadata(value, what)
  return value
}
