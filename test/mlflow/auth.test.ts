import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openMlflowBackend } from '../../src/backends/mlflow/open-mlflow.js'
import { toReference } from '../../src/record/parse-reference.js'
import { logVersion, move } from '../../src/testing/conformance/fixtures.js'
import { installed, line } from './open.js'
import { startServer, type RunningServer } from './server.js'

const ADMIN = { MLFLOW_TRACKING_USERNAME: 'admin', MLFLOW_TRACKING_PASSWORD: 'correct-horse-0815' }
const AUTH = {
  default_permission: 'READ',
  admin_username: ADMIN.MLFLOW_TRACKING_USERNAME,
  admin_password: ADMIN.MLFLOW_TRACKING_PASSWORD,
  authorization_function: 'mlflow.server.auth:authenticate_request_basic_auth'
}
const SECRET = 'not-the-password-4711'

describe(`MLflow ${line} with users`, () => {
  let server: RunningServer
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stemma-mlflow-auth-'))
    const config = join(folder, 'auth.ini')
    await writeFile(config, `[mlflow]\n${Object.entries(AUTH).map(([key, value]) => `${key} = ${value}\n`).join('')}database_uri = sqlite:///${join(folder, 'users.db')}\n`)
    const environment = { MLFLOW_FLASK_SERVER_SECRET_KEY: 'for tests', MLFLOW_AUTH_CONFIG_PATH: config }
    server = await startServer(installed.python, { arguments: ['--app-name', 'basic-auth'], environment })
  })
  afterAll(async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('logs and promotes with a user and a password', async () => {
    const backend = await openMlflowBackend({ address: server.url, environment: ADMIN })
    await logVersion(backend, 'm')
    expect((await move(backend, 'm#1', 'production')).stage).toBe('production')
    await backend.close()
  })

  it('is UNAUTHENTICATED without, and shows no secret', async () => {
    const wrong = [{}, { ...ADMIN, MLFLOW_TRACKING_PASSWORD: SECRET }, { MLFLOW_TRACKING_TOKEN: SECRET }]
    for (const environment of wrong) {
      const error: unknown = await openMlflowBackend({ address: server.url, environment }).catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'UNAUTHENTICATED', hint: expect.stringContaining('MLFLOW_TRACKING_USERNAME') as string })
      const shown = inspect(error, { depth: 20, showHidden: true })
      expect(shown).not.toContain(SECRET)
      expect(shown).not.toContain(Buffer.from(`admin:${SECRET}`).toString('base64'))
    }
  })

  it('is FORBIDDEN for a user who may only read', async () => {
    const authorization = `Basic ${Buffer.from('admin:correct-horse-0815').toString('base64')}`
    await fetch(`${server.url}/api/2.0/mlflow/users/create`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify({ username: 'reader', password: 'reads-only-0815' })
    })
    const owner = await openMlflowBackend({ address: server.url, environment: ADMIN })
    await logVersion(owner, 'guarded')
    await owner.close()
    const reader = await openMlflowBackend({ address: server.url, environment: { MLFLOW_TRACKING_USERNAME: 'reader', MLFLOW_TRACKING_PASSWORD: 'reads-only-0815' } })
    await expect(move(reader, 'guarded#1', 'production')).rejects.toMatchObject({ code: 'FORBIDDEN' })
    // A version that only a writer can take in does not keep readers from the others.
    await fetch(`${server.url}/api/2.0/mlflow/model-versions/create`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify({ name: 'guarded', source: 's3://elsewhere/model' })
    })
    expect((await reader.resolve(toReference('guarded'), {})).sequence).toBe(1)
    await expect(reader.resolve(toReference('guarded#2'), {})).rejects.toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('without stemma') as string })
    await reader.close()
  })
})
