import { isIPv6 } from 'node:net'
import { StemmaError } from '../errors/stemma-error.js'

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]']
const WILDCARDS = new Set(['0.0.0.0', '::', ''])

/** Whether a host to listen on is this machine alone. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.[0-9]{1,3}){3}$/.test(host)
}

/**
 * Values of `Host` that are answered: the names of this machine and the host that is listened on, each with the port, and what was
 * configured: `registry.example.org` (also with the port), or `registry.example.org:8443` (nothing else).
 *
 * @throws {StemmaError} INVALID_INPUT for what no `Host` header can be.
 */
export function allowedHostsOf(host: string, port: number, configured: readonly string[]): Set<string> {
  const names = [...LOOPBACK_NAMES, ...(WILDCARDS.has(host) ? [] : [inAddress(host)]), ...configured.map(checkHost)]
  return new Set(names.flatMap((name) => withPort(name.toLowerCase(), port)))
}

/** The address of a server, for people: a host that is every interface is shown as this machine. */
export function addressOf(host: string, port: number): string {
  return `http://${WILDCARDS.has(host) ? '127.0.0.1' : inAddress(host)}:${port}`
}

function withPort(name: string, port: number): string[] {
  if (/:[0-9]+$/.test(name) && !name.endsWith(']')) return [name]
  // A client leaves out the port of its scheme; behind a proxy that is not the port listened on.
  return LOOPBACK_NAMES.includes(name) && port !== 80 ? [`${name}:${port}`] : [name, `${name}:${port}`]
}

function checkHost(host: string): string {
  if (/^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/.test(host)) return host
  throw new StemmaError('INVALID_INPUT', `allowedHosts: ${JSON.stringify(host)} is not a host`, {
    hint: 'Write each host in full, without a scheme and without wildcards: registry.example.org or registry.example.org:8443.',
    details: { host }
  })
}

function inAddress(host: string): string {
  return isIPv6(host) ? `[${host}]` : host
}
