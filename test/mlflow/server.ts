import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, openSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { answers, end, endsWithUs, freePort } from './processes.js'
import { pythonEnvironment } from './python.js'
import type { ServerTls } from './tls-request.js'

/** How a server differs from one with SQLite, file artifacts and no users. */
export interface ServerOptions {
  readonly arguments?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** Where artifacts go. @default a folder of its own */
  readonly destination?: string
  /** @default 1 */
  readonly workers?: number
  readonly port?: number
  /** For one that its arguments make speak TLS. */
  readonly tls?: ServerTls
  /** A folder that was used before, to start again on. */
  readonly folder?: string
}

/** A running MLflow server. */
export interface RunningServer {
  readonly url: string
  readonly port: number
  readonly folder: string
  /** Ends it at once, as a power cut does; the folder stays. */
  kill(): Promise<void>
  stop(): Promise<void>
}

/** In memory where there is such a folder: each change of the database would otherwise wait for the disk, which has nothing to do with us. */
const DATABASES = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** Starts an unmodified MLflow server, and waits until it answers. */
export async function startServer(python: string, options: ServerOptions = {}): Promise<RunningServer> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'stemma-mlflow-server-'))
  const artifacts = join(folder, 'artifacts')
  mkdirSync(artifacts, { recursive: true })
  const databases = join(DATABASES, basename(folder))
  mkdirSync(databases, { recursive: true })
  const port = options.port ?? (await freePort())
  const log = join(folder, 'server.log')
  const output = openSync(log, 'a')
  const child = spawn(
    python,
    [
      ...['-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port), '--workers', String(options.workers ?? 1)],
      ...['--backend-store-uri', `sqlite:///${join(databases, 'mlflow.db')}`, '--serve-artifacts'],
      ...['--artifacts-destination', options.destination ?? artifacts],
      ...(options.arguments ?? [])
    ],
    // A group of its own, so that its workers end with it.
    { cwd: folder, detached: true, stdio: ['ignore', output, output], env: { ...pythonEnvironment(), MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false', ...options.environment } }
  )
  endsWithUs(child)
  const url = `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`
  await answers(`${url}/health`, child, log, options.tls)
  const kill = (): Promise<void> => end(child)
  return {
    ...{ url, port, folder, kill },
    async stop() {
      await kill()
      for (const path of [folder, databases]) await rm(path, { recursive: true, force: true })
    }
  }
}
