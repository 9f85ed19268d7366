import { createHash, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'
import { StemmaError } from '../errors/stemma-error.js'
import { ownFields } from '../registry/own-options.js'
import { parse } from '../schemas/parse.js'
import { systemSources, type Sources } from '../util/sources.js'
import type { Scope } from '../wire/routes.js'
import { readExpiry } from './token-expiry.js'

const SCOPES = ['read', 'write', 'promote', 'admin'] as const satisfies readonly Scope[]
const WANTED_SCOPES = `wanted a list of one or more of ${SCOPES.join(', ')}`
const WANTED_NAME = 'wanted 1 to 64 letters, digits, ".", "_" and "-", starting with a letter or digit'
const WANTED_DIGEST = 'wanted 64 lower-case hex digits, as stemma token create writes them'
const WANTED_TIME = 'wanted a time such as 2026-03-01T12:00:00.000Z'
const MAX_TOKENS = 10_000

/** A token as the server keeps it: what it may do, and the sha256 that tells it. The token itself is kept by nobody but its owner. */
export const tokenRecordSchema = z.strictObject({
  /** Who holds it, 1 to 64 letters, digits, `.`, `_` and `-`: shown in the history and in the access log. */
  name: z.string({ error: WANTED_NAME }).regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, { error: WANTED_NAME }),
  /** `admin` includes all, `write` and `promote` include `read`. */
  scopes: z
    .array(z.enum(SCOPES, { error: `wanted one of ${SCOPES.join(', ')}` }), { error: WANTED_SCOPES })
    .min(1, { error: WANTED_SCOPES })
    .max(4, { error: WANTED_SCOPES }),
  /** Of the token's text: 64 lower-case hex digits. */
  sha256: z.string({ error: WANTED_DIGEST }).regex(/^[0-9a-f]{64}$/, { error: WANTED_DIGEST }),
  /** ISO 8601. */
  createdAt: z.iso.datetime({ error: WANTED_TIME }),
  /** ISO 8601: from then on it is good no longer. Without, it has no end. */
  expiresAt: z.iso.datetime({ error: WANTED_TIME }).optional()
}, { error: (issue) => (issue.code === 'invalid_type' ? 'wanted an object with name, scopes, sha256 and createdAt' : undefined) })
/** A token as the server keeps it. */
export interface TokenRecord extends z.infer<typeof tokenRecordSchema> {}

const givenSchema = tokenRecordSchema.pick({ name: true, scopes: true }).extend({ expires: z.string({ error: 'wanted a text such as 90d or 2027-01-31' }).optional() })
const TOKEN_BYTES = 32
const TOKEN = /^stemma_[A-Za-z0-9_-]{43}$/

/** What a new token is for. */
export interface CreateTokenOptions {
  /** Who is to hold it: `ci`, `credit-service`. */
  name: string
  /** What it may do: `admin` includes all, `write` and `promote` include `read`. */
  scopes: readonly Scope[]
  /** When it ends: days or hours from now, `90d` or `12h`; or a time, `2027-01-31` (its first moment in UTC) or `2027-01-31T12:00:00Z`. @default never */
  expires?: string | undefined
  /** Where time and randomness come from. @default the machine's own */
  sources?: Sources | undefined
}

/**
 * Makes a token of 256 random bits.
 *
 * @returns the token, to be given to its holder and to be forgotten, and its record, for `createServer({ tokens })`.
 * @throws {StemmaError} INVALID_INPUT for a name or scope that is none, and for an end that is none or not ahead.
 * @example
 * ```ts
 * const { token, record } = createToken({ name: 'ci', scopes: ['write'], expires: '90d' })
 * await using server = createServer({ registry: './models', tokens: [record] })
 * ```
 */
export function createToken(options: CreateTokenOptions): { token: string; record: TokenRecord } {
  const what = 'createToken options'
  const { sources = systemSources, ...given } = ownFields(options, what, ['name', 'scopes', 'expires', 'sources'])
  const { name, scopes, expires } = parse(givenSchema, given, { what })
  const nowMs = sources.now()
  const expiresAt = expires === undefined ? undefined : readExpiry(expires, nowMs)
  const token = `stemma_${Buffer.from(sources.randomBytes(TOKEN_BYTES)).toString('base64url')}`
  return {
    token,
    record: {
      name,
      scopes: [...new Set(scopes)],
      sha256: sha256Of(token).toString('hex'),
      createdAt: new Date(nowMs).toISOString(),
      ...(expiresAt === undefined ? {} : { expiresAt })
    }
  }
}

/** Records as a program gives them. @throws {StemmaError} INVALID_INPUT for what is no record, and for a name that is given twice. */
export function checkRecords(records: unknown, what: string): TokenRecord[] {
  const hint = 'Make tokens by stemma token create, or by createToken().'
  const wanted = `wanted a list of at most ${MAX_TOKENS} records`
  const list = parse(z.array(z.unknown(), { error: wanted }).max(MAX_TOKENS, { error: wanted }), records, { what, hint })
  const parsed = list.map((record, index) => parse(tokenRecordSchema, record, { what: `${what}, record ${index + 1}`, hint }))
  const names = new Set<string>()
  for (const { name } of parsed) {
    if (names.has(name)) throw new StemmaError('INVALID_INPUT', `${what}: two tokens are called ${name}`, { details: { name } })
    names.add(name)
  }
  return parsed
}

/** The record of a token; takes the same time wherever it is in the list, and whether it is. */
export function findRecord(records: readonly TokenRecord[], token: string): TokenRecord | undefined {
  if (!TOKEN.test(token)) return undefined
  const digest = sha256Of(token)
  let found: TokenRecord | undefined
  for (const record of records) {
    if (timingSafeEqual(digest, Buffer.from(record.sha256, 'hex'))) found = record
  }
  return found
}

/** Whether scopes allow what a route wants. */
export function allows(scopes: readonly Scope[], wanted: Scope): boolean {
  return scopes.some((scope) => scope === 'admin' || scope === wanted || (wanted === 'read' && scope !== 'read'))
}

function sha256Of(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
