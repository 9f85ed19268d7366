import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { StemmaError } from '../errors/stemma-error.js'
import { isPublicAddress } from './address-ranges.js'
import { AttemptFailure } from './attempt-failure.js'
import type { ReplyHeaders } from './endpoint.js'
import type { RequestTarget } from './request-target.js'

/** Most redirects of one request. */
export const MAX_REDIRECTS = 5

/** Where a redirect leads to, when it may be followed. */
export interface RedirectStep {
  readonly url: URL
  /** Whether the token goes along: only back to the registry's own origin. */
  readonly isOwn: boolean
  /** The address that was checked, to be connected to. */
  readonly address: string | undefined
}

/** What decides whether a redirect is followed. */
export interface RedirectRules {
  readonly origin: string
  readonly allowedOrigins: ReadonlySet<string>
  /** Whether names are resolved by a proxy, so that only addresses written as such can be checked. */
  readonly isProxied: boolean
  readonly resolveHost: (hostname: string) => Promise<readonly string[]>
}

/** The machine's own resolver. */
export async function resolveHost(hostname: string): Promise<readonly string[]> {
  const found = await lookup(hostname, { all: true })
  return found.map(({ address }) => address)
}

/**
 * Judges a redirect. Followed are those of GET and HEAD: within the registry's origin, to an origin that is allowed, and, for bytes that are held
 * against a digest, to public addresses; never from https to http.
 *
 * @throws {AttemptFailure} PROTOCOL_ERROR for any other.
 */
export async function judgeRedirect(
  reply: { status: number; headers: ReplyHeaders },
  from: { url: URL; target: RequestTarget; isVerified: boolean },
  rules: RedirectRules
): Promise<RedirectStep> {
  const { method } = from.target
  const location = reply.headers['location']
  const url = location !== undefined && URL.canParse(location, from.url.href) ? new URL(location, from.url) : undefined
  const refuse = (why: string, hint = 'Open the registry by the address that it has now.'): AttemptFailure => refusal(from.target, reply.status, url, why, hint)
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') throw refuse('an address that is none of http and https')
  if (url.username !== '' || url.password !== '') throw refuse('an address with a user in it')
  if (method !== 'GET' && method !== 'HEAD') throw refuse('and only reading is redirected')
  if (from.url.protocol === 'https:' && url.protocol === 'http:') throw refuse('from https to http')
  if (url.origin === rules.origin) return { url, isOwn: true, address: undefined }
  if (rules.allowedOrigins.has(url.origin)) return { url, isOwn: false, address: undefined }
  if (!from.isVerified) throw refuse('another origin', 'Open the registry by the address that it has now, or name the origin in allowedRedirectOrigins.')
  const hostname = url.hostname.replaceAll(/^\[|\]$/g, '')
  if (hostname === hostnameOf(rules.origin)) return { url, isOwn: false, address: undefined }
  return { url, isOwn: false, address: await publicAddress(hostname, rules, refuse) }
}

/** All addresses of a host have to be public, since which one is taken is chance. */
async function publicAddress(hostname: string, rules: RedirectRules, refuse: (why: string, hint: string) => AttemptFailure): Promise<string | undefined> {
  const hint = 'A store of bytes inside the own network has to be named in allowedRedirectOrigins.'
  if (isIP(hostname) === 0 && rules.isProxied) return undefined
  const addresses = isIP(hostname) === 0 ? await rules.resolveHost(hostname).catch(() => []) : [hostname]
  const [first] = addresses
  if (first === undefined) throw refuse('a host whose name is not known', hint)
  if (!addresses.every(isPublicAddress)) throw refuse('an address of a private network', hint)
  return isIP(hostname) === 0 ? first : undefined
}

function hostnameOf(origin: string): string {
  return new URL(origin).hostname.replaceAll(/^\[|\]$/g, '')
}

function refusal({ what, details }: RequestTarget, status: number, url: URL | undefined, why: string, hint: string): AttemptFailure {
  const to = url === undefined ? '' : ` to ${url.origin}`
  return new AttemptFailure(
    new StemmaError('PROTOCOL_ERROR', `${what} was redirected${to}, which is not followed: ${why}`, { hint, details: { ...details, status, ...(url && { redirectedTo: url.origin }) } })
  )
}

/** A chain of redirects that has no end. */
export function tooManyRedirects({ what, details }: RequestTarget): AttemptFailure {
  return new AttemptFailure(
    new StemmaError('PROTOCOL_ERROR', `${what} was redirected more than ${MAX_REDIRECTS} times`, { hint: 'Open the registry by the address that it has now.', details })
  )
}
