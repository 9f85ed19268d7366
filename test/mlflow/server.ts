import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pythonOf, type Line } from './python.js'

/** How a server differs from one with SQLite, file artifacts and no users. */
export interface ServerOptions {
  readonly arguments?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** Where artifacts go. @default a folder of its own */
  readonly destination?: string
  /** Further Python packages that it needs. */
  readonly packages?: readonly string[]
  readonly workers?: number
  readonly port?: number
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

const START_MS = 180_000

/** A port that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        if (typeof address === 'object' && address) resolve(address.port)
        else reject(new Error('no port'))
      })
    })
  })
}

/** Starts an unmodified MLflow server, and waits until it answers. */
export async function startServer(line: Line, options: ServerOptions = {}): Promise<RunningServer> {
  const python = await pythonOf(line, options.packages)
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'stemma-mlflow-server-'))
  const artifacts = join(folder, 'artifacts')
  mkdirSync(artifacts, { recursive: true })
  const port = options.port ?? (await freePort())
  const log = openSync(join(folder, 'server.log'), 'a')
  const child = spawn(
    python,
    [
      ...['-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port), '--workers', String(options.workers ?? 2)],
      ...['--backend-store-uri', `sqlite:///${join(folder, 'mlflow.db')}`, '--serve-artifacts'],
      ...['--artifacts-destination', options.destination ?? artifacts],
      ...(options.arguments ?? [])
    ],
    // A group of its own, so that its workers end with it.
    { cwd: folder, detached: true, stdio: ['ignore', log, log], env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true', MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false', ...options.environment } }
  )
  const url = `http://127.0.0.1:${port}`
  await answers(`${url}/health`, child, join(folder, 'server.log'))
  const kill = (): Promise<void> => end(child, 'SIGKILL')
  return {
    ...{ url, port, folder, kill },
    async stop() {
      await kill()
      await rm(folder, { recursive: true, force: true })
    }
  }
}

/** Waits until something answers with success. */
export async function answers(url: string, child: ChildProcess, log: string): Promise<void> {
  const until = Date.now() + START_MS
  while (Date.now() < until) {
    if (child.exitCode !== null) break
    const isUp = await fetch(url).then(
      (reply) => reply.ok,
      () => false
    )
    if (isUp) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  await end(child, 'SIGKILL')
  throw new Error(`the server did not answer at ${url}:\n${readFileSync(log, 'utf8').slice(-4_000)}`)
}

/** Ends a process and those that it started. */
export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  try {
    process.kill(-child.pid, signal)
  } catch {
    child.kill(signal)
  }
  await ended
}
