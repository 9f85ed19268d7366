import type { IncomingMessage } from 'node:http'
import { StemmaError } from '../errors/stemma-error.js'
import { parse } from '../schemas/parse.js'
import type { Sources } from '../util/sources.js'
import { HEADERS } from '../wire/headers.js'
import { MAX_BATCH_BYTES, MAX_CHUNK_BYTES, MAX_JSON_BYTES, MAX_PUBLISH_BYTES } from '../wire/limits.js'
import { ROUTES, type Route, type RouteName, type Scope } from '../wire/routes.js'
import type { Caller } from './context.js'
import { refusal } from './refusal.js'
import { hasEnded } from './token-expiry.js'
import { allows, findRecord, type TokenRecord } from './tokens.js'

const EVERY_SCOPE: readonly Scope[] = ['read', 'write', 'promote', 'admin']
const BEARER = /^Bearer ([\x21-\x7e]{1,512})$/i
const TOKEN_IN_QUERY = /[?&](?:[a-z_-]*token|api[_-]?key|auth[a-z]*)=|stemma_[A-Za-z0-9_-]{20}/i
/** What the parts of a multipart body may take besides their bytes. */
const MULTIPART_OVERHEAD = 2_097_152

/** Gives the tokens as they are now, those that have ended among them; `undefined`: the server asks for none. */
export type TokenSource = () => Promise<readonly TokenRecord[] | undefined>

/** What tells whether a token is good now. */
export interface TokenCheck {
  readonly tokens: TokenSource
  readonly sources: Pick<Sources, 'now'>
}

/**
 * Who asks, told by the `Authorization` header alone.
 *
 * @throws {StemmaError} UNAUTHENTICATED without a token, with an unknown one and with one that has ended; FORBIDDEN for a scope that is too small.
 */
export async function authenticate(incoming: IncomingMessage, wanted: Scope | 'open', { tokens, sources }: TokenCheck): Promise<Caller> {
  if (wanted === 'open') return { name: undefined, scopes: [] }
  const records = await tokens()
  if (records === undefined) return { name: undefined, scopes: EVERY_SCOPE }
  const given = incoming.headersDistinct['authorization'] ?? []
  const token = given.length === 1 ? BEARER.exec(given[0] ?? '')?.[1] : undefined
  const record = token === undefined ? undefined : findRecord(records, token)
  if (!record || hasEnded(record, sources.now())) {
    const { message, hint } = record ? ended(record) : unauthenticated(incoming, given, token)
    throw refusal('UNAUTHENTICATED', message, { headers: { 'www-authenticate': 'Bearer realm="stemma"' } }, { hint })
  }
  assertScope(record, wanted)
  return { name: record.name, scopes: record.scopes }
}

/** Told to nobody but the holder of the token. */
function ended({ name, expiresAt = '' }: TokenRecord): { message: string; hint: string } {
  return { message: `the token ${name} has ended, at ${expiresAt}`, hint: 'Ask who keeps the registry for another one: stemma token create makes it.' }
}

/** What is wrong with how a token was given, or with the token; says nothing of what was given. */
function unauthenticated({ url = '' }: IncomingMessage, given: readonly string[], token: string | undefined): { message: string; hint: string } {
  if (given.length === 0 && TOKEN_IN_QUERY.test(url)) {
    return { message: 'the registry takes no token in an address, which ends up in logs', hint: 'Send it as the header Authorization: Bearer stemma_… and make another token in place of this one.' }
  }
  if (given.length > 0 && token === undefined) {
    return { message: 'the registry cannot read the header Authorization', hint: 'Send one, as Authorization: Bearer stemma_…' }
  }
  return {
    message: given.length === 0 ? 'the registry wants a token' : 'the registry does not know this token',
    hint: 'Set STEMMA_TOKEN to a token that stemma token create has made; without stemma, send Authorization: Bearer stemma_…'
  }
}

/** @throws {StemmaError} FORBIDDEN naming the scope that is wanted. */
export function assertScope({ name, scopes }: Pick<Caller, 'name' | 'scopes'>, wanted: Scope): void {
  if (allows(scopes, wanted)) return
  throw new StemmaError('FORBIDDEN', `the token ${name ?? ''} has the scope ${scopes.join(', ')}; this wants ${wanted}`, {
    hint: `Use a token with the scope ${wanted}.`,
    details: { wanted, scopes: [...scopes] }
  })
}

/**
 * Looks at what the headers say of the body, before any of it is read.
 *
 * @throws {StemmaError} INVALID_INPUT for a body where none belongs and for another type; TOO_LARGE for one that says that it is too long.
 */
export function guardBody({ headers, headersDistinct }: IncomingMessage, name: RouteName): void {
  const route: Route = ROUTES[name]
  const length = headers['content-length']
  const hasBody = headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
  if (route.body === undefined) {
    if (hasBody) throw new StemmaError('INVALID_INPUT', `${route.method} ${route.path} takes no body`)
    return
  }
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    throw refusal('INVALID_INPUT', 'the body of the request is encoded; it is wanted as it is', { status: 415 })
  }
  const type = (headersDistinct['content-type'] ?? []).join(',').toLowerCase().trim()
  const { wanted, isRight } = TYPES[kindOf(route)]
  if (!isRight(type)) throw refusal('INVALID_INPUT', `${route.method} ${route.path} wants a body of the type ${wanted}`, { status: 415 })
  const limit = bodyLimit(name)
  if (length !== undefined && Number(length) > limit) throw tooLarge(limit, Number(length))
}

/** Most bytes of the body of a route. */
export function bodyLimit(name: RouteName): number {
  if (name === 'publish') return MAX_PUBLISH_BYTES + MULTIPART_OVERHEAD
  if (name === 'putBlobs') return MAX_BATCH_BYTES + MULTIPART_OVERHEAD
  const route: Route = ROUTES[name]
  return route.body === 'bytes' ? MAX_CHUNK_BYTES : MAX_JSON_BYTES
}

/** A body that is longer than its route allows. */
export function tooLarge(limit: number, found?: number): StemmaError {
  return new StemmaError('TOO_LARGE', `the body of the request has more than ${limit} bytes`, {
    hint: 'Send less at once.',
    details: { limit, ...(found === undefined ? {} : { found }) }
  })
}

/** The query of a request by the schema of its route; no key may be given twice. @throws {StemmaError} INVALID_INPUT */
export function readQuery(url: string, route: Route): unknown {
  const mark = url.indexOf('?')
  const entries = [...new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1))]
  const what = `the query of ${route.method} ${route.path}`
  if (route.query === undefined) {
    if (entries.length > 0) throw new StemmaError('INVALID_INPUT', `${route.method} ${route.path} takes no query`)
    return undefined
  }
  const repeated = entries.find(([key], index) => entries.findIndex(([other]) => other === key) !== index)
  if (repeated) throw new StemmaError('INVALID_INPUT', `${what} has a key twice`)
  return parse(route.query, Object.fromEntries(entries), { what })
}

/** The `Idempotency-Key`. @throws {StemmaError} INVALID_INPUT for what is none. */
export function readOperationId({ headersDistinct }: IncomingMessage): string | undefined {
  const given = headersDistinct[HEADERS.idempotencyKey] ?? []
  const key = given[0]
  if (key === undefined) return undefined
  if (given.length === 1 && /^[\x21-\x7e]{1,256}$/.test(key)) return key
  throw new StemmaError('INVALID_INPUT', 'Idempotency-Key: wanted one key of 1 to 256 visible ASCII characters')
}

const TYPES = {
  json: { wanted: 'application/json', isRight: (type: string) => /^application\/json(?:\s*;\s*charset="?utf-8"?)?$/.test(type) },
  bytes: { wanted: 'application/octet-stream', isRight: (type: string) => type === '' || type === 'application/octet-stream' },
  multipart: { wanted: 'multipart/form-data', isRight: (type: string) => /^multipart\/form-data\s*;/.test(type) }
} as const

function kindOf({ body }: Route): keyof typeof TYPES {
  return body === 'bytes' || body === 'multipart' ? body : 'json'
}
