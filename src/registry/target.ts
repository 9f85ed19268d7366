import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StemmaError } from '../errors/stemma-error.js'
import { isLoopback } from '../util/is-loopback.js'
import { mlflowTarget, type MlflowTarget } from './mlflow-target.js'

/** Where a registry is, read from its target. */
export type Target =
  | { kind: 'local'; root: string }
  | { kind: 'memory' }
  /** `baseUrl`: without user, query, fragment and trailing slash. */
  | { kind: 'http'; baseUrl: string }
  | MlflowTarget

/**
 * Reads a registry target: `./dir`, an absolute path, `file:…`, `http(s)://host/prefix`, `mlflow+http(s)://host`, `mlflow://`
 * or `memory:`.
 *
 * @throws {StemmaError} INVALID_INPUT for anything else; UNSUPPORTED for `mlflow://` where MLFLOW_TRACKING_URI is no HTTP server.
 */
export function parseTarget(target: string): Target {
  if (typeof target !== 'string') throw noTarget(typeof target)
  if (target === 'memory:') return { kind: 'memory' }
  const meant = addressMeant(target)
  if (meant !== undefined) {
    throw new StemmaError('INVALID_INPUT', 'registry target: a host and a port without a scheme', { hint: `Did you mean ${meant}? A folder of this name is ./${target}` })
  }
  // A single letter before the colon is a Windows drive, not a scheme.
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(target)?.[1]?.toLowerCase()
  if (scheme === undefined && target.trim() !== '' && !target.includes('\0')) return { kind: 'local', root: resolve(target) }
  if (scheme === 'file') return { kind: 'local', root: fileTarget(target) }
  if (scheme === 'http' || scheme === 'https') return { kind: 'http', baseUrl: httpTarget(target) }
  if (scheme !== undefined && /^mlflow(\+https?)?$/.test(scheme)) return mlflowTarget(target)
  throw noTarget(scheme ? `the scheme ${scheme}:` : target.includes('\0') ? 'a text with a NUL character' : 'an empty text')
}

/** `host:port` would else become a folder of that name, into which a whole training run would be logged. With a slash it is a path. */
function addressMeant(target: string): string | undefined {
  const [, host = '', port = ''] = /^([a-z0-9][a-z0-9.-]+|\[[0-9a-f:.]+\]):([0-9]{1,5})$/i.exec(target) ?? []
  if (host === '' || Number(port) > 65_535) return undefined
  const address = `${isLoopback(host) ? 'http' : 'https'}://${host}:${port}`
  return URL.canParse(address) ? address.replace(/^(https:.*):443$/, '$1') : undefined
}

function noTarget(found: string): StemmaError {
  return new StemmaError('INVALID_INPUT', `registry target: wanted a folder, file:…, http(s)://…, mlflow+http(s)://…, mlflow:// or memory:, found ${found}`, {
    hint: "for instance openRegistry('./models') or STEMMA_REGISTRY=/srv/models"
  })
}

/** Says nothing of the address: it may hold a password. */
function httpTarget(target: string): string {
  const url = URL.canParse(target) ? new URL(target) : undefined
  const fail = (problem: string, hint: string): StemmaError => new StemmaError('INVALID_INPUT', `registry target: ${problem}`, { hint })
  if (!url || !/^https?:\/\//i.test(target)) throw fail('an http address that cannot be read', 'Write it as https://registry.example.org or https://example.org/ml/registry')
  if (url.username !== '' || url.password !== '') {
    throw fail('an http address with a user or password in it, which would end up in logs', 'Give the token by the option token or by STEMMA_TOKEN.')
  }
  if (url.search !== '' || url.hash !== '') throw fail('an http address with a query or fragment', 'Write it as https://registry.example.org or https://example.org/ml/registry')
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

function fileTarget(target: string): string {
  if (!target.startsWith('file://')) return resolve(target.slice('file:'.length))
  try {
    return fileURLToPath(target)
  } catch (cause) {
    throw new StemmaError('INVALID_INPUT', `registry target: ${target} is not the address of a local folder`, { hint: 'write file:///absolute/folder', cause })
  }
}
