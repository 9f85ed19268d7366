import { readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Backend } from '../../src/backends/backend.js'
import { openMlflowBackend } from '../../src/backends/mlflow/open-mlflow.js'
import { logVersion, move } from '../../src/testing/conformance/fixtures.js'
import { makeAuthority, makeCertificate } from './certificates.js'
import { installed, line, quick } from './open.js'
import { startServer, type RunningServer } from './server.js'
import { statusOverTls, type ServerTls } from './tls-request.js'

// 2.x has no workspaces, and no server of its own that asks for certificates.
describe.runIf(line === '3.x')(`MLflow ${line} behind TLS of its own that asks for a certificate, with workspaces`, () => {
  let server: RunningServer
  let folder: string
  let tls: ServerTls
  const at = (name: string): string => join(folder, name)
  const openAs = (environment: Record<string, string>): Promise<Backend> => openMlflowBackend({ address: server.url, environment, sources: quick })
  const known = (): Record<string, string> => ({ MLFLOW_TRACKING_SERVER_CERT_PATH: at('ours.crt'), MLFLOW_TRACKING_CLIENT_CERT_PATH: at('client.pem') })
  const modelsOf = async (backend: Backend): Promise<string[]> => {
    const names: string[] = []
    for await (const { name } of backend.models({})) names.push(name)
    return names
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stemma-mlflow-tls-'))
    await Promise.all([makeAuthority(folder, 'ours'), makeAuthority(folder, 'other')])
    await makeCertificate(folder, 'server', 'ours')
    await makeCertificate(folder, 'client', 'ours')
    await makeCertificate(folder, 'stranger', 'other')
    const [ca, cert, key] = ['ours.crt', 'client.crt', 'client.key'].map((name) => readFileSync(at(name), 'utf8'))
    if (ca === undefined || cert === undefined || key === undefined) throw new Error('a certificate is missing')
    tls = { ca, cert, key }
    // 2: no connection without a certificate that the authority vouches for.
    const options = `--ssl-keyfile ${at('server.key')} --ssl-certfile ${at('server.crt')} --ssl-ca-certs ${at('ours.crt')} --ssl-cert-reqs 2`
    server = await startServer(installed.python, { arguments: ['--enable-workspaces', '--uvicorn-opts', options], tls })
  })
  afterAll(async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('logs and promotes with the authority and the certificate that the environment names', async () => {
    const backend = await openAs(known())
    await logVersion(backend, 'm')
    expect((await move(backend, 'm#1', 'production')).stage).toBe('production')
    expect(await backend.verify({}, {})).toMatchObject({ ok: true, versions: 1 })
    await backend.close()
  })

  it('takes no server that the authority does not vouch for, and says how to name another', async () => {
    for (const environment of [{}, { ...known(), MLFLOW_TRACKING_SERVER_CERT_PATH: at('other.crt') }]) {
      const expected = { code: 'REGISTRY_UNAVAILABLE', hint: expect.stringContaining('MLFLOW_TRACKING_SERVER_CERT_PATH') as string }
      await expect(openAs(environment)).rejects.toMatchObject(expected)
    }
  })

  it('is not let in without a certificate that the server knows, and says how to name one', async () => {
    const { MLFLOW_TRACKING_SERVER_CERT_PATH = '' } = known()
    for (const certificate of [{}, { MLFLOW_TRACKING_CLIENT_CERT_PATH: at('stranger.pem') }]) {
      const expected = { code: 'REGISTRY_UNAVAILABLE', hint: expect.stringContaining('MLFLOW_TRACKING_CLIENT_CERT_PATH') as string }
      await expect(openAs({ MLFLOW_TRACKING_SERVER_CERT_PATH, ...certificate })).rejects.toMatchObject(expected)
    }
  })

  it('takes any server when told so', async () => {
    const backend = await openAs({ MLFLOW_TRACKING_INSECURE_TLS: 'true', MLFLOW_TRACKING_CLIENT_CERT_PATH: at('client.pem') })
    expect(await modelsOf(backend)).toEqual(['m'])
    await backend.close()
  })

  it('keeps to the workspace that the environment names', async () => {
    const made = await openAs(known())
    expect(await statusOverTls(`${server.url}/api/3.0/mlflow/workspaces`, tls, { name: 'team-a' })).toBe(201)
    const theirs = await openAs({ ...known(), MLFLOW_WORKSPACE: 'team-a' })
    expect(await modelsOf(theirs)).toEqual([])
    await logVersion(theirs, 'theirs')
    expect((await move(theirs, 'theirs#1', 'production')).stage).toBe('production')
    expect(await modelsOf(theirs)).toEqual(['theirs'])
    expect(await theirs.verify({}, {})).toMatchObject({ ok: true, versions: 1 })
    expect(await modelsOf(made)).toEqual(['m'])
    expect(await readdir(join(server.folder, 'artifacts', 'workspaces'))).toEqual(['default', 'team-a'])
    await Promise.all([made.close(), theirs.close()])
  })
})
