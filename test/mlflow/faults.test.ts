import { describe, expect, it } from 'vitest'
import type { Backend } from '../../src/backends/backend.js'
import { openMlflowBackend } from '../../src/backends/mlflow/open-mlflow.js'
import { isStemmaError } from '../../src/errors/stemma-error.js'
import { mapLimited } from '../../src/util/map-limited.js'
import { startFaultProxy } from '../support/fault-proxy.js'
import { all, logVersion, move, prepareVersion, readText } from '../../src/testing/conformance/fixtures.js'
import { startGate } from './gate.js'
import { installed, line, newPrefix, openShared, quick } from './open.js'
import { runStatuses, seenAliases, seenVersions } from './rest.js'

/** Runs at a time: they mostly wait for the server, and for the next attempt. */
const LANES = 6

const { url } = installed
const open = (address: string, prefix: string): Promise<Backend> => openMlflowBackend({ address, prefix, sources: quick, environment: {} })

describe(`MLflow ${line}: faults`, () => {
  it('logs and promotes once, whichever reply is lost', async () => {
    const replies = await losing(1)
    expect(replies).toBeGreaterThan(10)
    await mapLimited(Array.from({ length: replies - 1 }, (_, index) => index + 2), LANES, losing)
  })

  it('goes on after a page with status 500, wherever it comes', async () => {
    const requests = await failing(0)
    expect(requests).toBeGreaterThan(10)
    // Every third, since many of them are alike.
    await mapLimited(Array.from({ length: Math.ceil(requests / 3) - 1 }, (_, index) => 3 * index + 3), LANES, failing)
  })

  it('registers nothing when files cannot be put, and says what answered', async () => {
    const gate = await startGate(url)
    const prefix = newPrefix()
    const backend = await open(gate.url, prefix)
    gate.decide((_, { method, url: path }) => (method === 'PUT' && path?.includes('model.bin') === true ? 'fail' : 'pass'))
    const error: unknown = await logVersion(backend, 'm').catch((reason: unknown) => reason)
    expect(isStemmaError(error, 'REGISTRY_UNAVAILABLE') && error.message).toMatch(/HTML page titled "500 Internal Server Error"/)
    gate.decide(() => 'pass')
    expect(await all(backend.models({}))).toEqual([])
    expect(await seenVersions(url, `${prefix}m`)).toEqual([])
    expect(await runStatuses(url, `${prefix}stemma/m`)).toEqual(['FAILED'])
    await logVersion(backend, 'm')
    expect(await seenVersions(url, `${prefix}m`)).toHaveLength(1)
    await backend.close()
    await gate.close()
  })

  it('shows later what could not be shown at once', async () => {
    const gate = await startGate(url)
    const prefix = newPrefix()
    const backend = await open(gate.url, prefix)
    await logVersion(backend, 'm')
    gate.decide((_, { url: path }) => (path?.includes('transition-stage') === true ? 'fail' : 'pass'))
    expect((await move(backend, 'm#1', 'production')).stage).toBe('production')
    expect((await seenVersions(url, `${prefix}m`)).map(({ current_stage }) => current_stage)).toEqual(['None'])
    await backend.close()
    await gate.close()
    const other = await openShared(prefix)
    await logVersion(other, 'm', { files: { a: '2' } })
    expect((await seenVersions(url, `${prefix}m`)).map(({ current_stage }) => current_stage)).toEqual(['Production', 'None'])
    await other.close()
  })

  it('tells of a file that somebody has changed on the server', async () => {
    const backend = await openShared()
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
})

/** Logs and promotes while one reply is lost; gives how many there were. */
async function losing(lost: number): Promise<number> {
  const proxy = await startFaultProxy(() => Number(new URL(url).port))
  const prefix = newPrefix()
  const backend = await open(proxy.url, prefix)
  const birth = { params: { a: 1 }, metrics: { auc: 0.5 }, datasets: [{ name: 'd', digest: 'md5:1', role: 'training' }] }
  const request = await prepareVersion(backend, 'm', { birth, tags: { t: '1' }, aliases: ['best'] })
  proxy.arm({ reply: lost, kind: 'reset' })
  await backend.createVersion(request, { operationId: 'log' })
  await move(backend, 'm#1', 'production')
  const { replies } = proxy.counts
  proxy.arm(undefined)
  expect(await all(backend.versions('m', { includeDeleted: true })), `reply ${lost}`).toHaveLength(1)
  await backend.close()
  await proxy.close()
  expect((await seenVersions(url, `${prefix}m`)).map(({ current_stage }) => current_stage), `reply ${lost}`).toEqual(['Production'])
  expect(await seenAliases(url, `${prefix}m`), `reply ${lost}`).toEqual({ best: '1', production: '1' })
  expect(await runStatuses(url, `${prefix}stemma/m`), `reply ${lost}`).toEqual(['FINISHED'])
  return replies
}

/** Logs and promotes while one request is answered with a page of status 500; gives how many there were. */
async function failing(failed: number): Promise<number> {
  const gate = await startGate(url)
  const prefix = newPrefix()
  const backend = await open(gate.url, prefix)
  gate.decide((index) => (index === failed ? 'fail' : 'pass'))
  await logVersion(backend, 'm')
  await move(backend, 'm#1', 'production')
  const requests = gate.count()
  await backend.close()
  await gate.close()
  expect((await seenVersions(url, `${prefix}m`)).map(({ current_stage }) => current_stage), `request ${failed}`).toEqual(['Production'])
  return requests
}
