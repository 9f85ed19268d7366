import * as z from 'zod'
import { actorSchema } from '../schemas/actor.js'
import { parse } from '../schemas/parse.js'
import type { OpenRegistryOptions } from './open-registry.js'
import { ownOptions } from './own-options.js'
import { refuseSecretShapes } from './refuse-secret-shapes.js'

/** What goes into a header; a message about it shows nothing of it. */
export const tokenSchema = z.string().regex(/^[\x21-\x7e]{1,4096}$/, { error: 'a token has visible ASCII characters only, without white space' })

const optionsSchema = z.object({
  durability: z.enum(['full', 'none']).optional(),
  create: z.boolean().optional(),
  cache: z.string().min(1).optional(),
  outbox: z.string().min(1).optional(),
  actor: actorSchema.optional(),
  token: tokenSchema.optional(),
  allowInsecureHttp: z.boolean().optional(),
  proxy: z.string().min(1).max(2_000).optional(),
  timeoutMs: z.int().min(1_000).max(3_600_000).optional(),
  allowedRedirectOrigins: z.array(z.string().regex(/^https?:\/\/[^/\s]+$/, { error: 'wanted an origin, for instance https://blobs.example.org' })).max(100).optional()
})

const isFunction = (value: unknown): boolean => typeof value === 'function'
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null

/** Those that are no data. */
const SHAPES = [
  { field: 'policy', isRight: isObject, wanted: 'an object' },
  { field: 'logger', isRight: isObject, wanted: 'an object with methods' },
  { field: 'sources', isRight: isObject, wanted: 'an object with methods' },
  { field: 'clock', isRight: isFunction, wanted: 'a function' }
] as const

const KNOWN = [...Object.keys(optionsSchema.shape), 'policy', 'signal', 'logger', 'clock', 'sources']

/** The options of `openRegistry`, checked; `actor` from `STEMMA_ACTOR` when absent. @throws {StemmaError} INVALID_INPUT, SECRET_IN_METADATA */
export function checkOpenOptions(options: OpenRegistryOptions, what = 'openRegistry options', known: readonly string[] = KNOWN): OpenRegistryOptions {
  const own = ownOptions(options, what, known)
  if (own.actor === undefined) own.actor = process.env['STEMMA_ACTOR'] || undefined
  parse(optionsSchema, own, { what })
  refuseSecretShapes({ actor: own.actor })
  for (const { field, isRight, wanted } of SHAPES) {
    parse(z.custom((value) => value === undefined || isRight(value), { error: `wanted ${wanted}` }), own[field], { what: `${what} at ${field}` })
  }
  return own
}
