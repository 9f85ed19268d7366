import { StemmaError } from '../errors/stemma-error.js'
import { isLoopback } from '../util/is-loopback.js'
import type { ProxySetting } from './http-client.js'

/**
 * How requests to a registry reach it. To this machine they never go through a proxy, which would get the token in the clear.
 *
 * @throws {StemmaError} INVALID_INPUT. The message does not show the address, which may hold a password.
 */
export function proxySetting(proxy: string | undefined, registry: URL): ProxySetting {
  if (proxy === undefined || proxy === 'none') return 'none'
  const setting = proxy === 'environment' ? proxy : proxyAt(proxy)
  return isLoopback(registry.hostname) ? 'none' : setting
}

function proxyAt(address: string): ProxySetting {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new StemmaError('INVALID_INPUT', 'proxy: wanted environment, or the address of an HTTP proxy', { hint: 'For instance http://proxy.example.org:3128' })
  }
  const { protocol, hostname, username, password } = url
  const port = url.port === '' ? (protocol === 'https:' ? 443 : 80) : Number(url.port)
  const auth = { username: decodeURIComponent(username), password: decodeURIComponent(password) }
  return { protocol, host: hostname.replaceAll(/^\[|\]$/g, ''), port, ...(username === '' ? {} : { auth }) }
}
