import type * as z from 'zod'
import { toDotPath } from 'zod/v4/core'
import type { ErrorCode } from '../errors/codes.js'
import { StemmaError } from '../errors/stemma-error.js'
import { describeIssue } from './describe-issue.js'

/** Where a value comes from, for the error that it may lead to. */
export interface ParseContext {
  /** What is read: `logModel input`, `event 12 of credit-score`. */
  what: string
  /** @default 'INVALID_INPUT' */
  code?: ErrorCode | undefined
  hint?: string | undefined
  /** Whether the value has so many parts that compiling the schema first pays. @default false */
  isLarge?: boolean | undefined
}

/** From so many uses on a schema is compiled: it takes as long as to parse by it, uncompiled, about as often. */
const MANY_USES = 50
const uses = new WeakMap<z.ZodType, number>()

function isUsedLittle(schema: z.ZodType): boolean {
  const before = uses.get(schema) ?? 0
  if (before === MANY_USES) return false
  uses.set(schema, before + 1)
  return true
}

/** A list of more faults than a call takes arguments (a hundred thousand) has zod throw in place of answering. */
function safeParse<T extends z.ZodType>(schema: T, value: unknown, context: ParseContext): z.ZodSafeParseResult<z.output<T>> {
  try {
    return schema.safeParse(value, { jitless: context.isLarge !== true && isUsedLittle(schema) })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new StemmaError(context.code ?? 'INVALID_INPUT', `${context.what}: too much of it is wrong, or it is nested too deeply, to say where`, { hint: context.hint })
  }
}

/**
 * The one place where `unknown` becomes typed: parses a value by a schema, and says in one sentence what is wrong with it.
 *
 * @throws {StemmaError} `context.code` naming the first offending field.
 * @example
 * ```ts
 * const manifest = parse(manifestSchema, JSON.parse(text), { what: 'manifest', code: 'DIGEST_MISMATCH' })
 * ```
 */
export function parse<T extends z.ZodType>(schema: T, value: unknown, context: ParseContext): z.output<T> {
  const result = safeParse(schema, value, context)
  if (result.success) return result.data
  // A mistyped name is also why the right one is missing, so that it is told first.
  const rank = ({ code }: z.core.$ZodIssue): number => (code === 'unrecognized_keys' ? 0 : 1)
  const issues = result.error.issues.toSorted((a, b) => rank(a) - rank(b)).map((issue) => describeIssue(issue, schema))
  const first = issues[0]
  const where = first && first.path.length > 0 ? ` at ${toDotPath(first.path)}` : ''
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : ''
  throw new StemmaError(context.code ?? 'INVALID_INPUT', `${context.what}${where}: ${first?.message ?? 'not valid'}${more}`, {
    hint: context.hint,
    details: { issues: issues.slice(0, 10).map(({ path, message }) => ({ path: toDotPath(path), message })) }
  })
}
