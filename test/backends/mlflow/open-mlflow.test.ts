import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openMlflowBackend } from '../../../src/backends/mlflow/open-mlflow.js'

let server: Server
let address: string
beforeAll(async () => {
  // What MLflow says of every registered model when it has none.
  server = createServer((_request, response) => {
    response.writeHead(404, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'Registered Model with name=.stemma-journal not found' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

it('begins a registry where there is none, unless it is told not to', async () => {
  const backend = await openMlflowBackend({ address, environment: {} })
  await backend.close()
  const refused = openMlflowBackend({ address, environment: {}, create: false })
  await expect(refused).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE', retryable: false, message: expect.stringContaining('create is false') as string })
})
