import { isIP } from 'node:net'
import { isPublicAddress } from './address-ranges.js'

/** By what it is judged whether an address that a server has named may be asked. */
export interface ReachRules {
  /** The server's own. */
  readonly server: URL
  /** Whether names are resolved by a proxy, so that only addresses written as such can be checked. */
  readonly isProxied: boolean
  readonly resolveHost: (hostname: string) => Promise<readonly string[]>
}

/**
 * Whether a client may follow a server to another address: with http or https and no user in it, not from https to http, and not from a
 * server on the public network to an address of a private one, which only somebody inside should be able to send requests to.
 */
export async function mayReach(url: URL, { server, isProxied, resolveHost }: ReachRules): Promise<boolean> {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return false
  if (url.username !== '' || url.password !== '') return false
  if (server.protocol === 'https:' && url.protocol === 'http:') return false
  if (url.hostname === server.hostname) return true
  const areAllPublic = async ({ hostname }: URL): Promise<boolean | undefined> => {
    const host = hostname.replaceAll(/^\[|\]$/g, '')
    if (isIP(host) !== 0) return isPublicAddress(host)
    if (isProxied) return true
    const addresses = await resolveHost(host).catch(() => [])
    return addresses.length === 0 ? undefined : addresses.every(isPublicAddress)
  }
  const isPublic = await areAllPublic(url)
  if (isPublic === undefined) return false
  return isPublic || (await areAllPublic(server)) === false
}
