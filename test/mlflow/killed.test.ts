import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Backend } from '../../src/backends/backend.js'
import { openMlflowBackend } from '../../src/backends/mlflow/open-mlflow.js'
import { isStemmaError } from '../../src/errors/stemma-error.js'
import { toReference } from '../../src/record/parse-reference.js'
import type { CreateVersionRequest } from '../../src/schemas/requests.js'
import { all, logVersion, move, prepareVersion } from '../../src/testing/conformance/fixtures.js'
import { second, startGate, type Gate } from './gate.js'
import { WORKERS } from './global-setup.js'
import { installed, line, quick } from './open.js'
import { seenAliases, seenVersions } from './rest.js'
import { startServer, type RunningServer } from './server.js'

const LARGE_BYTES = 16_777_216

/** A client behind a gate of its own. */
interface Client {
  readonly gate: Gate
  readonly backend: Backend
}

/**
 * One server, killed once in the middle of four things: an upload; a promotion that was not sent yet; one that is committed and whose reply
 * is not there; one of which half is shown. Then it is started again, as it was left.
 */
describe(`MLflow ${line}: a server that is killed`, () => {
  let server: RunningServer
  const clients: Client[] = []
  let upload: CreateVersionRequest
  let outcomes: PromiseSettledResult<unknown>[]
  let reader: Backend

  const connect = async (): Promise<Client> => {
    const gate = await startGate(server.url)
    const backend = await openMlflowBackend({ address: gate.url, sources: quick, environment: {} })
    const client = { gate, backend }
    clients.push(client)
    return client
  }
  const promote = (backend: Backend, model: string) => move(backend, `${model}#2`, 'production', { operationId: `promote ${model}` })

  beforeAll(async () => {
    server = await startServer(installed.python, { workers: WORKERS[line] })
    const [uploading, unsent, committed, shown] = [await connect(), await connect(), await connect(), await connect()]
    for (const [model, { backend }] of [['unsent', unsent], ['committed', committed], ['shown', shown]] as const) {
      await logVersion(backend, model)
      await move(backend, `${model}#1`, 'production')
      await logVersion(backend, model, { files: { 'model.bin': 'second' } })
    }
    upload = await largeVersion(uploading.backend)

    uploading.gate.decide((_, { url }) => (url?.endsWith('/large.bin') === true ? 'halve' : 'pass'))
    unsent.gate.decide((_, { url }) => (url?.endsWith('/model-versions/create') === true ? 'hold' : 'pass'))
    committed.gate.decide((_, { url }) => (url?.endsWith('/model-versions/create') === true ? 'withhold' : 'pass'))
    shown.gate.decide(second('/model-versions/transition-stage', 'hold'))
    const running = [
      uploading.backend.createVersion(upload, { operationId: 'upload' }),
      ...[promote(unsent.backend, 'unsent'), promote(committed.backend, 'committed'), promote(shown.backend, 'shown')]
    ]
    const settled = Promise.allSettled(running)
    await Promise.all(clients.map(({ gate }) => gate.whenHeld()))
    await server.kill()
    for (const { gate } of clients) gate.cut()
    outcomes = await settled
    server = await startServer(installed.python, { workers: WORKERS[line], folder: server.folder, port: server.port })
    reader = await openMlflowBackend({ address: server.url, environment: {} })
  })
  afterAll(async () => {
    await reader.close()
    for (const { gate, backend } of clients) {
      await backend.close()
      await gate.close()
    }
    await server.stop()
  })

  it('says of what failed that it failed, and of what counts that it counts', () => {
    const codes = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? 'done' : isStemmaError(outcome.reason) ? outcome.reason.code : String(outcome.reason)))
    expect(codes).toEqual(['REGISTRY_UNAVAILABLE', 'COMMIT_UNKNOWN', 'COMMIT_UNKNOWN', 'done'])
  })

  it('has no version whose files are not all there; sent again, it has it once, and sound', async () => {
    expect(await seenVersions(server.url, 'uploading')).toEqual([])
    expect((await all(reader.models({}))).map(({ name }) => name)).not.toContain('uploading')
    const { backend } = clients[0] ?? { backend: reader }
    await backend.createVersion(upload, { operationId: 'upload' })
    await backend.createVersion(upload, { operationId: 'upload' })
    expect(await all(reader.versions('uploading', { includeDeleted: true }))).toHaveLength(1)
    expect(await seenVersions(server.url, 'uploading')).toHaveLength(1)
    expect((await reader.verify({ reference: toReference('uploading') }, {})).problems).toEqual([])
  })

  it.each([
    ['unsent', '#1'],
    ['committed', '#2'],
    ['shown', '#2']
  ])('reports no half of a promotion: %s', async (model, live) => {
    const inProduction = async (): Promise<string[]> =>
      (await all(reader.versions(model, { includeDeleted: false }))).filter(({ stage }) => stage === 'production').map(({ sequence }) => `#${sequence}`)
    expect(await inProduction()).toEqual([live])
    expect((await reader.resolve(toReference(`${model}@production`), {})).sequence).toBe(Number(live.slice(1)))

    await promote(reader, model)
    expect(await inProduction()).toEqual(['#2'])
    const history = await all(reader.history({ name: model }, {}))
    expect(history.map(({ type }) => type)).toEqual(['created', 'transition', 'created', 'transition'])
    expect((await seenVersions(server.url, model)).map(({ current_stage }) => current_stage)).toEqual(['Archived', 'Production'])
    expect(await seenAliases(server.url, model)).toEqual({ production: '2' })
    expect((await reader.verify({ reference: toReference(model) }, {})).problems).toEqual([])
  })
})

/** A version with a file that takes a moment to send. */
async function largeVersion(backend: Backend): Promise<CreateVersionRequest> {
  const [blob] = await backend.putBlobs([{ kind: 'bytes', label: 'large.bin', bytes: Buffer.alloc(LARGE_BYTES, 'stemma') }], {})
  if (!blob) throw new Error('nothing stored')
  const request = await prepareVersion(backend, 'uploading')
  const large = { path: 'large.bin', sizeBytes: blob.sizeBytes, digest: blob.digest, format: 'binary', role: 'weights' as const }
  return { ...request, manifest: { ...request.manifest, artifacts: [large, ...request.manifest.artifacts] } }
}
