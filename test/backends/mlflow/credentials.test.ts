import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readCredentials } from '../../../src/backends/mlflow/credentials.js'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'stemma-mlflow-home-'))
})
afterEach(() => {
  rmSync(home, { recursive: true, force: true })
})

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`
const read = (environment: Record<string, string>, userinfo?: { user: string; password: string }) => readCredentials({ environment, home, userinfo })
const writeFile = (text: string): void => {
  mkdirSync(join(home, '.mlflow'))
  writeFileSync(join(home, '.mlflow', 'credentials'), text)
}

describe('credentials', () => {
  it('are none where there are none', () => {
    expect(read({})).toEqual({ headers: {}, tls: undefined })
  })

  it('are those of the address, before those of variables, before those of the file, before the token', () => {
    writeFile('[other]\nmlflow_tracking_username = nobody\n[mlflow]\nmlflow_tracking_username = ann\nMLFLOW_TRACKING_PASSWORD : a=b c \n')
    const variables = { MLFLOW_TRACKING_USERNAME: 'bob', MLFLOW_TRACKING_PASSWORD: 'two', MLFLOW_TRACKING_TOKEN: 'three' }
    expect(read(variables, { user: 'cy', password: 'one' }).headers).toEqual({ authorization: basic('cy:one') })
    expect(read(variables).headers).toEqual({ authorization: basic('bob:two') })
    expect(read({ MLFLOW_TRACKING_TOKEN: 'three' }).headers).toEqual({ authorization: basic('ann:a=b c') })
    rmSync(join(home, '.mlflow'), { recursive: true })
    expect(read({ MLFLOW_TRACKING_TOKEN: 'three' }).headers).toEqual({ authorization: 'Bearer three' })
  })

  it('name a workspace only when one is set', () => {
    expect(read({ MLFLOW_WORKSPACE: 'risk' }).headers).toEqual({ 'x-mlflow-workspace': 'risk' })
    expect(read({ MLFLOW_WORKSPACE: '' }).headers).toEqual({})
  })

  it('read an authority and a client certificate with its key', () => {
    const path = join(home, 'all.pem')
    writeFileSync(path, 'PEM')
    expect(read({ MLFLOW_TRACKING_SERVER_CERT_PATH: path, MLFLOW_TRACKING_CLIENT_CERT_PATH: path }).tls).toEqual({ ca: 'PEM', cert: 'PEM', key: 'PEM', rejectUnauthorized: true })
    expect(read({ MLFLOW_TRACKING_INSECURE_TLS: 'true' }).tls).toMatchObject({ rejectUnauthorized: false })
  })

  it('say which file cannot be read, and nothing of a token', () => {
    expect(() => read({ MLFLOW_TRACKING_SERVER_CERT_PATH: join(home, 'none.pem') })).toThrow(/MLFLOW_TRACKING_SERVER_CERT_PATH/)
    expect(() => read({ MLFLOW_TRACKING_TOKEN: 'geheim\nzeile' })).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', message: expect.not.stringContaining('geheim') as string }))
    expect(() => read({ MLFLOW_TRACKING_INSECURE_TLS: '1', MLFLOW_TRACKING_SERVER_CERT_PATH: 'x' })).toThrow(/exclude/)
  })
})
