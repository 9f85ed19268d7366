import type { TestProject } from 'vitest/node'
import { LINES, pythonOf, type Line } from './python.js'
import { startServer, type RunningServer } from './server.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** Addresses of the servers that all tests share, by line. */
    mlflow: Record<Line, string>
  }
}

/** Installs and starts one server of each line; every test has registered models of its own on them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Servers that run already, `<newest> <last>`, while something is being looked into.
  const [first, second] = process.env['STEMMA_MLFLOW_SERVERS']?.split(' ') ?? []
  if (first !== undefined && second !== undefined) {
    project.provide('mlflow', { '3.x': first, '2.x': second })
    return () => Promise.resolve()
  }
  for (const line of LINES) await pythonOf(line)
  const servers: RunningServer[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()))
  }
  try {
    const [newest, last] = await Promise.all(
      LINES.map(async (line) => {
        const server = await startServer(line)
        servers.push(server)
        return server.url
      })
    )
    project.provide('mlflow', { '3.x': newest ?? '', '2.x': last ?? '' })
  } catch (error) {
    await stop()
    throw error
  }
  return stop
}
