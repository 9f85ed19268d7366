import type { TestProject } from 'vitest/node'
import { LINES, type Line } from './line.js'
import { installMlflow } from './python.js'
import { startServer } from './server.js'

/** What the tests of one line of MLflow work with. */
export interface Installed {
  readonly python: string
  /** Address of a server with SQLite, file artifacts and no users. Every test has registered models of its own on it. */
  readonly url: string
}

declare module 'vitest' {
  interface ProvidedContext {
    /** The line that a test file is run for. */
    line: Line
    mlflow: Record<Line, Installed>
  }
}

/** Installs MLflow, and starts the servers that tests share. Throws when either cannot be done. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stops: (() => Promise<void>)[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(stops.map((one) => one()))
  }
  const prepare = async (line: Line): Promise<Installed> => {
    const python = await installMlflow(line)
    // Two processes, so that nothing is in order only because requests wait for each other.
    const server = await startServer(python, { workers: 2 })
    stops.push(() => server.stop())
    return { python, url: server.url }
  }
  try {
    const prepared = await Promise.allSettled(LINES.map(async (line) => [line, await prepare(line)] as const))
    const [newest, last] = prepared.map((one) => {
      if (one.status === 'rejected') throw one.reason
      return one.value[1]
    })
    if (!newest || !last) throw new Error('a line of MLflow is missing')
    project.provide('mlflow', { '3.x': newest, '2.x': last })
  } catch (error) {
    await stop()
    throw error
  }
  return stop
}
