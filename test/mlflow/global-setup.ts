import type { TestProject } from 'vitest/node'
import { LINES, projectName, type Line } from './line.js'
import { installMlflow } from './python.js'
import { startS3 } from './s3-emulator.js'
import { startServer } from './server.js'

/** What the tests of one line of MLflow work with. */
export interface Installed {
  readonly python: string
  /** Address of a server with SQLite, file artifacts and no users. Every test has registered models of its own on it. */
  readonly url: string
  readonly s3: ServerOnS3
}

/** A server whose artifacts are in an S3 emulator. */
export interface ServerOnS3 {
  readonly url: string
  /** Address of the emulator; see s3-emulator.ts. */
  readonly store: string
  readonly bucket: string
}

/** So that nothing is in order only because requests wait for each other: 2.x answers one at a time in each process, 3.x many in threads. */
export const WORKERS = { '3.x': 1, '2.x': 2 } as const

const BUCKETS = { '3.x': 'artifacts-3', '2.x': 'artifacts-2' } as const

declare module 'vitest' {
  interface ProvidedContext {
    /** The line that a test file is run for. */
    line: Line
    /** Of the lines that run. */
    mlflow: Partial<Record<Line, Installed>>
  }
}

/** Installs MLflow, and starts the servers that tests share. Throws when either cannot be done. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stops: (() => Promise<void>)[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(stops.map((one) => one()))
  }
  /** Keeps what has to be stopped, also when something else fails meanwhile. */
  const kept = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const started = await starting
    stops.push(() => started.stop())
    return started
  }
  const prepare = async (line: Line, python: string, store: string): Promise<Installed> => {
    const bucket = BUCKETS[line]
    const environment = { MLFLOW_S3_ENDPOINT_URL: store, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_DEFAULT_REGION: 'us-east-1' }
    const [plain, onS3] = await allOf([
      kept(startServer(python, { workers: WORKERS[line] })),
      kept(startServer(python, { destination: `s3://${bucket}/files`, environment }))
    ])
    if (!plain || !onS3) throw new Error('a server is missing')
    return { python, url: plain.url, s3: { url: onS3.url, store, bucket } }
  }
  try {
    const running = LINES.filter((line) => project.vitest.projects.some(({ name }) => name === projectName(line)))
    const newest = await installMlflow('3.x')
    const pythons = await allOf(running.map(async (line) => ({ line, python: line === '3.x' ? newest : await installMlflow(line) })))
    const { url: store } = await kept(startS3(newest, Object.values(BUCKETS)))
    const prepared = await allOf(pythons.map(async ({ line, python }) => [line, await prepare(line, python, store)] as const))
    project.provide('mlflow', Object.fromEntries(prepared))
  } catch (error) {
    await stop()
    throw error
  }
  return stop
}

/** Waits for all of them, also when one has failed. */
async function allOf<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(work)
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value
  })
}
