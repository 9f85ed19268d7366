import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { StemmaError } from '../../errors/stemma-error.js'
import { systemErrorCode, toStemmaError } from '../../io/system-error.js'
import type { TlsSettings } from '../../transport/transport.js'

/** How requests show who they are from. The headers hold secrets: they go to the transport only. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>
  readonly tls: TlsSettings | undefined
}

/** What {@link readCredentials} reads besides files. */
export interface CredentialsInput {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** User and password that the address itself had. */
  readonly userinfo?: { readonly user: string; readonly password: string } | undefined
  /** A token that the program itself was given: before all others. */
  readonly token?: string | undefined
  /** @default that of the user */
  readonly home?: string | undefined
}

/**
 * Reads credentials as MLflow's Python client does: user and password (of the address, else MLFLOW_TRACKING_USERNAME and
 * MLFLOW_TRACKING_PASSWORD, else `~/.mlflow/credentials`), else MLFLOW_TRACKING_TOKEN; MLFLOW_WORKSPACE;
 * MLFLOW_TRACKING_SERVER_CERT_PATH (an authority of one's own), MLFLOW_TRACKING_CLIENT_CERT_PATH (certificate and key in one file),
 * MLFLOW_TRACKING_INSECURE_TLS.
 *
 * @throws {StemmaError} INVALID_INPUT, ACCESS_DENIED, IO for a certificate that cannot be read. Never holds a value of theirs.
 */
export function readCredentials({ environment, userinfo, token: own, home = homedir() }: CredentialsInput): Credentials {
  const value = (name: string): string | undefined => environment[name] || undefined
  const file = readIni(join(home, '.mlflow', 'credentials'))
  const user = userinfo?.user ?? value('MLFLOW_TRACKING_USERNAME') ?? file.get('mlflow_tracking_username')
  const password = userinfo?.password ?? value('MLFLOW_TRACKING_PASSWORD') ?? file.get('mlflow_tracking_password')
  const token = value('MLFLOW_TRACKING_TOKEN')
  const authorization = own !== undefined ? `Bearer ${own}` : user !== undefined && password !== undefined ? basic(user, password) : token === undefined ? undefined : `Bearer ${token}`
  if (authorization !== undefined && /[\r\n\0]/.test(authorization)) {
    throw new StemmaError('INVALID_INPUT', 'MLFLOW_TRACKING_TOKEN has a line break', { hint: 'Take the line break at its end away.' })
  }
  const workspace = value('MLFLOW_WORKSPACE')
  return {
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      // A server without workspaces refuses every request that names one.
      ...(workspace === undefined ? {} : { 'x-mlflow-workspace': workspace })
    },
    tls: readTls(value)
  }
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

function readTls(value: (name: string) => string | undefined): TlsSettings | undefined {
  const authority = value('MLFLOW_TRACKING_SERVER_CERT_PATH')
  const client = value('MLFLOW_TRACKING_CLIENT_CERT_PATH')
  const isInsecure = /^(true|1)$/i.test(value('MLFLOW_TRACKING_INSECURE_TLS') ?? '')
  if (authority === undefined && client === undefined && !isInsecure) return undefined
  if (authority !== undefined && isInsecure) {
    throw new StemmaError('INVALID_INPUT', 'MLFLOW_TRACKING_INSECURE_TLS and MLFLOW_TRACKING_SERVER_CERT_PATH exclude each other', { hint: 'Set one of them.' })
  }
  const pem = client === undefined ? undefined : readPem(client, 'MLFLOW_TRACKING_CLIENT_CERT_PATH')
  return {
    ca: authority === undefined ? undefined : readPem(authority, 'MLFLOW_TRACKING_SERVER_CERT_PATH'),
    cert: pem,
    key: pem,
    rejectUnauthorized: !isInsecure
  }
}

function readPem(path: string, variable: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw toStemmaError(error, `cannot read the file of ${variable}`, path)
  }
}

/** The section `[mlflow]` of an INI file; empty when there is no file. */
function readIni(path: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  let isOurs = false
  for (const line of readText(path).split(/\r?\n/)) {
    const section = /^\s*\[([^\]]*)\]\s*$/.exec(line)?.[1]
    if (section !== undefined) isOurs = section === 'mlflow'
    const [, key, text] = /^\s*([\w.-]+)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? []
    if (isOurs && key !== undefined && text !== undefined) found.set(key.toLowerCase(), text)
  }
  return found
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    // As the Python client does: what is not there, or is not for this user, says nothing.
    if (systemErrorCode(error) !== undefined) return ''
    throw error
  }
}
