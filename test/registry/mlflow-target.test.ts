import { afterEach, describe, expect, it, vi } from 'vitest'
import { parseTarget } from '../../src/registry/target.js'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('mlflow-target', () => {
  it('reads an address, with a prefix of its models', () => {
    expect(parseTarget('mlflow+http://host:5000')).toEqual({ kind: 'mlflow', address: 'http://host:5000/', prefix: '' })
    expect(parseTarget('MLFLOW+https://host/mlflow?models=team-')).toEqual({ kind: 'mlflow', address: 'https://host/mlflow', prefix: 'team-' })
  })

  it('takes the address from MLFLOW_TRACKING_URI', () => {
    vi.stubEnv('MLFLOW_TRACKING_URI', 'http://ann:secret@host:5000')
    expect(parseTarget('mlflow://')).toEqual({ kind: 'mlflow', address: 'http://ann:secret@host:5000/', prefix: '' })
    expect(parseTarget('mlflow://?models=a-')).toMatchObject({ prefix: 'a-' })
  })

  it.each([
    ['mlflow+http://ann:secret@host', 'INVALID_INPUT'],
    ['mlflow+http://host?other=1', 'INVALID_INPUT'],
    ['mlflow+http://host?models=a/b', 'INVALID_INPUT'],
    ['mlflow+http:', 'INVALID_INPUT'],
    ['mlflow+ftp://host', 'INVALID_INPUT']
  ])('refuses %s without showing it', (target, code) => {
    expect(() => parseTarget(target)).toThrow(expect.objectContaining({ code, message: expect.not.stringContaining('secret') as string }))
  })

  it.each([
    ['', 'INVALID_INPUT'],
    ['databricks', 'UNSUPPORTED'],
    ['sqlite:///x.db', 'UNSUPPORTED']
  ])('refuses MLFLOW_TRACKING_URI=%s', (uri, code) => {
    vi.stubEnv('MLFLOW_TRACKING_URI', uri)
    expect(() => parseTarget('mlflow://')).toThrow(expect.objectContaining({ code }))
  })
})
