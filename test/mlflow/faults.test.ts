import { describe, expect, inject, it } from 'vitest'
import type { Backend } from '../../src/backends/backend.js'
import { openMlflowBackend } from '../../src/backends/mlflow/open-mlflow.js'
import { isStemmaError } from '../../src/errors/stemma-error.js'
import { startFaultProxy } from '../support/fault-proxy.js'
import { all, logVersion, move, prepareVersion, readText } from '../backends/conformance/fixtures.js'
import { startHtmlProxy } from './html-proxy.js'
import { newPrefix, openOn } from './open.js'
import { LINES } from './python.js'
import { mlflowGet, mlflowPost, seenAliases, seenVersions } from './rest.js'
import { startServer } from './server.js'

const open = (address: string, prefix: string): Promise<Backend> => openMlflowBackend({ address, prefix, environment: {} })

describe.each(LINES)('MLflow %s: faults', (line) => {
  const url = inject('mlflow')[line]

  it('logs and promotes once, whichever reply is lost', { timeout: 900_000 }, async () => {
    const proxy = await startFaultProxy(() => Number(new URL(url).port))
    let replies = 1
    // As many places as a whole run has replies; a few in between are enough of those that are alike.
    for (let lost = 1; lost <= replies; lost += 1) {
      const prefix = newPrefix()
      const backend = await open(proxy.url, prefix)
      const request = await prepareVersion(backend, 'm', { birth: { params: { a: 1 }, metrics: { auc: 0.5 }, datasets: [{ name: 'd', digest: 'md5:1', role: 'training' }] }, tags: { t: '1' }, aliases: ['best'] })
      proxy.arm({ reply: lost, kind: 'reset' })
      await backend.createVersion(request, { operationId: 'log' })
      await move(backend, 'm#1', 'production')
      replies = Math.max(replies, lost === 1 ? proxy.counts.replies : 0)
      proxy.arm(undefined)
      expect(await all(backend.versions('m', { includeDeleted: true })), `reply ${lost}`).toHaveLength(1)
      await backend.close()
      const rows = await seenVersions(url, `${prefix}m`)
      expect(rows.map(({ current_stage }) => current_stage), `reply ${lost}`).toEqual(['Production'])
      expect(await seenAliases(url, `${prefix}m`), `reply ${lost}`).toEqual({ best: '1', production: '1' })
      expect(await runsOf(url, `${prefix}stemma/m`), `reply ${lost}`).toEqual(['FINISHED'])
    }
    expect(replies).toBeGreaterThan(10)
    await proxy.close()
  })

  it('goes on after a page with status 500, wherever it comes', { timeout: 600_000 }, async () => {
    const proxy = await startHtmlProxy(url)
    let requests = 1
    for (let failed = 0; failed < requests; failed += 3) {
      const prefix = newPrefix()
      const backend = await open(proxy.url, prefix)
      proxy.fail((index) => index === failed)
      await logVersion(backend, 'm')
      await move(backend, 'm#1', 'production')
      requests = Math.max(requests, failed === 0 ? proxy.count() : 0)
      proxy.fail(() => false)
      await backend.close()
      expect((await seenVersions(url, `${prefix}m`)).map(({ current_stage }) => current_stage)).toEqual(['Production'])
    }
    expect(requests).toBeGreaterThan(10)
    await proxy.close()
  })

  it('registers nothing when files cannot be put, and says what answered', { timeout: 200_000 }, async () => {
    const proxy = await startHtmlProxy(url)
    const prefix = newPrefix()
    const backend = await open(proxy.url, prefix)
    proxy.fail((_, { method, url: path }) => method === 'PUT' && path?.includes('model.bin') === true)
    const error: unknown = await logVersion(backend, 'm').catch((reason: unknown) => reason)
    expect(isStemmaError(error, 'REGISTRY_UNAVAILABLE') && error.message).toMatch(/HTML page titled "500 Internal Server Error"/)
    proxy.fail(() => false)
    expect(await all(backend.models({}))).toEqual([])
    expect(await seenVersions(url, `${prefix}m`)).toEqual([])
    expect(await runsOf(url, `${prefix}stemma/m`)).toEqual(['FAILED'])
    await logVersion(backend, 'm')
    expect(await seenVersions(url, `${prefix}m`)).toHaveLength(1)
    await backend.close()
    await proxy.close()
  })

  it('shows later what could not be shown at once', { timeout: 200_000 }, async () => {
    const proxy = await startHtmlProxy(url)
    const prefix = newPrefix()
    const backend = await open(proxy.url, prefix)
    await logVersion(backend, 'm')
    proxy.fail((_, { url: path }) => path?.includes('transition-stage') === true)
    expect((await move(backend, 'm#1', 'production')).stage).toBe('production')
    expect((await seenVersions(url, `${prefix}m`)).map(({ current_stage }) => current_stage)).toEqual(['None'])
    await backend.close()
    await proxy.close()
    const other = await openOn(line, prefix)
    await logVersion(other, 'm', { files: { a: '2' } })
    expect((await seenVersions(url, `${prefix}m`)).map(({ current_stage }) => current_stage)).toEqual(['Production', 'None'])
    await other.close()
  })

  it('tells of a file that somebody has changed on the server', async () => {
    const prefix = newPrefix()
    const backend = await openOn(line, prefix)
    const version = await logVersion(backend, 'm')
    const { mlflow } = version as unknown as { mlflow: { artifactUri: string } }
    const path = mlflow.artifactUri.replace(/^mlflow-artifacts:\/*/, '')
    await fetch(`${url}/api/2.0/mlflow-artifacts/artifacts/${path}/model.bin`, { method: 'PUT', body: 'forged' })
    const report = await backend.verify({}, {})
    expect(report.problems.map(({ code }) => code)).toEqual(['DIGEST_MISMATCH'])
    await fetch(`${url}/api/2.0/mlflow-artifacts/artifacts/${path}/model.bin`, { method: 'DELETE' })
    expect((await backend.verify({}, {})).problems.map(({ code }) => code)).toEqual(['BLOB_MISSING'])
    await expect(readText(backend, version.artifacts[0]?.digest ?? version.digest)).rejects.toMatchObject({ code: 'BLOB_MISSING' })
    await backend.close()
  })

  it('has no version when the server is killed in the middle of an upload', { timeout: 600_000 }, async () => {
    const server = await startServer(line)
    const backend = await open(server.url, '')
    let sent = 0
    const [blob] = await backend.putBlobs([{ kind: 'stream', label: 'large.bin', stream: chunks(64, () => (sent += 1)) }], {})
    if (!blob) throw new Error('nothing stored')
    const request = await prepareVersion(backend, 'm')
    const large = { path: 'large.bin', sizeBytes: blob.sizeBytes, digest: blob.digest, format: 'binary', role: 'weights' as const }
    const logging = backend.createVersion({ ...request, manifest: { ...request.manifest, artifacts: [large, ...request.manifest.artifacts] } }, { operationId: 'log' })
    const failed = logging.catch((error: unknown) => error)
    await until(async () => (await mlflowGet(server.url, 'registered-models/search')).registered_models !== undefined)
    await server.kill()
    expect(isStemmaError(await failed)).toBe(true)
    const again = await startServer(line, { folder: server.folder, port: server.port })
    expect(await seenVersions(again.url, 'm')).toEqual([])
    const other = await open(again.url, '')
    expect(await all(other.models({}))).toEqual([])
    await logVersion(other, 'm')
    expect(await seenVersions(again.url, 'm')).toHaveLength(1)
    await other.close()
    await backend.close()
    await again.stop()
  })
})

async function runsOf(url: string, experiment: string): Promise<string[]> {
  const found = (await mlflowGet(url, 'experiments/get-by-name', { experiment_name: experiment })) as { experiment: { experiment_id: string } }
  const { runs } = (await mlflowPost(url, 'runs/search', { experiment_ids: [found.experiment.experiment_id] })) as { runs?: { info: { status: string } }[] }
  return (runs ?? []).map(({ info }) => info.status)
}

async function* chunks(count: number, onChunk: () => void): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index += 1) {
    onChunk()
    yield await Promise.resolve(Buffer.alloc(1_048_576, index))
  }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    if (await isSo().catch(() => false)) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('it did not happen')
}
