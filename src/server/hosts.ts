import { isIPv6 } from 'node:net'
import { StemmaError } from '../errors/stemma-error.js'
import { secretShapeOf } from '../record/secret-shapes.js'

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]']
/** Characters of a refused `Host` that are shown. */
const MAX_SHOWN = 128
const WILDCARDS = new Set(['0.0.0.0', '::', ''])

/** Whether a host to listen on is this machine alone. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.[0-9]{1,3}){3}$/.test(host)
}

/**
 * Values of `Host` that are answered: the names of this machine and the host that is listened on, each with the port, and what was
 * configured: `registry.example.org` (also with the port), or `registry.example.org:8443` (nothing else).
 */
export function allowedHostsOf(host: string, port: number, configured: readonly string[]): Set<string> {
  const names = [...LOOPBACK_NAMES, ...(WILDCARDS.has(host) ? [] : [inAddress(host)]), ...configured]
  return new Set(names.flatMap((name) => withPort(name.toLowerCase(), port)))
}

/** The address by which this machine reaches a server: one that listens on every interface is called by the loopback. */
export function addressOf(host: string, port: number): string {
  return `http://${WILDCARDS.has(host) ? '127.0.0.1' : inAddress(host)}:${port}`
}

/** What a server listens on, as an address, for people. */
export function listenedOn(host: string, port: number): string {
  return `http://${inAddress(host)}:${port}`
}

/** Whether a host to listen on means every interface, and so is no name that anybody calls. */
export function isWildcard(host: string): boolean {
  return WILDCARDS.has(host)
}

/** A `Host` that came from outside, for messages and logs: short, and with nothing in it that no host has. */
export function shownHost(host: string | undefined): string {
  if (host === undefined || host === '') return 'none'
  if (secretShapeOf(host) !== undefined || /stemma_[A-Za-z0-9_-]{20}/.test(host)) return '<hidden>'
  const text = host.replaceAll(/[^A-Za-z0-9._:[\]-]/g, '?')
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}

function withPort(name: string, port: number): string[] {
  if (/:[0-9]+$/.test(name) && !name.endsWith(']')) return [name]
  // A client leaves out the port of its scheme; behind a proxy that is not the port listened on.
  return LOOPBACK_NAMES.includes(name) && port !== 80 ? [`${name}:${port}`] : [name, `${name}:${port}`]
}

/** @throws {StemmaError} INVALID_INPUT for what no `Host` header can be. */
export function checkAllowedHost(host: string): void {
  if (/^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/.test(host)) return
  throw new StemmaError('INVALID_INPUT', `allowedHosts (--allow-host): ${JSON.stringify(host)} is not a host`, {
    hint: 'Write each host in full, without a scheme and without wildcards: registry.example.org or registry.example.org:8443.',
    details: { host }
  })
}

function inAddress(host: string): string {
  return isIPv6(host) ? `[${host}]` : host
}
