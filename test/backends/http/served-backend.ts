import type { Backend } from '../../../src/backends/backend.js'
import { openHttpBackend, type HttpBackendOptions } from '../../../src/backends/http/open-http.js'
import { createRegistry } from '../../../src/registry/create-registry.js'
import { createServer } from '../../../src/server/create-server.js'
import { systemSources, type Sources } from '../../../src/util/sources.js'

/** A backend over HTTP, through a real server on a real socket, before another backend; closing it closes all. */
export async function servedBackend(inner: Backend, sources: Sources = systemSources, options: Partial<HttpBackendOptions> = {}): Promise<Backend> {
  const registry = createRegistry(inner, { sources })
  const server = createServer({ registry, port: 0, sources, metrics: false })
  const baseUrl = await server.listen()
  const backend = await openHttpBackend({ baseUrl, sources: systemSources, ...options })
  const close = async (): Promise<void> => {
    await backend.close()
    await server.close({ graceMs: 0 })
    await registry.close()
  }
  return { ...backend, close }
}
