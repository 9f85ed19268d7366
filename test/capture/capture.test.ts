import { chmodSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { captureAll, type CaptureAllOptions } from '../../src/capture/capture.js'
import { withoutSecrets } from '../../src/capture/without-secrets.js'
import { findSecrets } from '../../src/record/secret-scan.js'
import { capturedSchema } from '../../src/schemas/captured.js'
import { jsonValueSchema } from '../../src/schemas/json-value.js'
import { systemSources, type Sources } from '../../src/util/sources.js'
import { makeSandbox, type Sandbox } from './git-fixture.js'

let sandbox: Sandbox

beforeEach(() => {
  sandbox = makeSandbox()
})
afterEach(() => {
  sandbox.remove()
})

const sources = systemSources
const timeoutAtOnce: Sources = { ...systemSources, sleep: () => Promise.resolve() }

function optionsFor(directory: string, variables: Record<string, string> = {}): CaptureAllOptions {
  return { sources, directory, environmentVariables: { ...sandbox.variables, ...variables } }
}

describe('captureAll', () => {
  it('captures all parts, as the schema says, and names the files to be stored', async () => {
    const root = sandbox.repository()
    const packageJson = sandbox.write('project/package.json', '{}')
    const { environmentFiles, ...captured } = await captureAll(optionsFor(root))
    expect(capturedSchema.parse(captured)).toEqual(captured)
    expect([captured.code.state, captured.environment.state, captured.hardware.state]).toEqual(['captured', 'captured', 'captured'])
    expect(environmentFiles).toEqual([{ path: 'package.json', absolutePath: packageJson, sizeBytes: 2 }])
    expect(JSON.stringify(captured)).not.toContain(hostname())
  })

  it('takes user and host only when asked', async () => {
    const without = await captureAll(optionsFor(sandbox.folder))
    expect(without.environment).not.toHaveProperty('user')
    expect(without.environment).not.toHaveProperty('host')
    const asked = await captureAll({ ...optionsFor(sandbox.folder), user: true, host: true, code: false })
    expect(asked.environment).toMatchObject({ user: userInfo().username, host: hostname() })
  })

  it('leaves out parts that are switched off', async () => {
    const off = { state: 'unavailable', reason: 'switched off' }
    const result = await captureAll({ ...optionsFor(sandbox.repository()), code: false, environment: false, hardware: false })
    expect(result).toEqual({ code: off, environment: off, hardware: off, environmentFiles: [] })
    sandbox.write('project/package.json', '{}')
    const { environmentFiles } = await captureAll({ ...optionsFor(join(sandbox.folder, 'project')), environmentFiles: false })
    expect(environmentFiles).toEqual([])
  })

  it('gives up at the deadline, without an error', async () => {
    const result = await captureAll({ ...optionsFor(sandbox.repository()), sources: timeoutAtOnce, timeoutMs: 1_234 })
    expect(result.code).toEqual({ state: 'unavailable', reason: 'took longer than 1234 ms' })
  })

  it('keeps what is known without git when git hangs', async () => {
    const root = sandbox.repository()
    chmodSync(sandbox.write('bin/git', '#!/bin/sh\nexec sleep 60\n'), 0o755)
    const variables = { PATH: `${join(sandbox.folder, 'bin')}:${sandbox.variables.PATH ?? ''}` }
    const commandsTimeOut: Sources = { ...sources, sleep: (ms, signal) => (ms < 5_000 ? Promise.resolve() : sources.sleep(ms, signal)) }
    const { code } = await captureAll({ ...optionsFor(root, variables), sources: commandsTimeOut })
    expect(code).toMatchObject({ state: 'captured', branch: 'main', gitUnavailable: 'git config took too long' })
  })

  it('does not fail in a folder that is not there', async () => {
    const { code, environment } = await captureAll(optionsFor(join(sandbox.folder, 'gone', 'deep')))
    expect(code).toMatchObject({ state: 'unavailable' })
    expect(environment).toMatchObject({ state: 'captured' })
  })

  it('rejects with the reason of the signal, and with nothing else', async () => {
    const reason = new Error('enough')
    await expect(captureAll({ ...optionsFor(sandbox.folder), signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const running = captureAll({ ...optionsFor(sandbox.repository()), signal: controller.signal })
    controller.abort(reason)
    await expect(running).rejects.toBe(reason)
  })
})

/** Made-up tokens, put together at run time so that no scanner takes this file for a leak. */
const TOKENS = [
  ['gh', 'p_', 'A1b2C3d4E5'.repeat(4)],
  ['github_', 'pat_', '11ABCDEFG0'.repeat(4)],
  ['gl', 'pat-', 'aB3dE5fG7h'.repeat(2)],
  ['AK', 'IAIOSFODNN7EXAMPLE'],
  ['sk-', 'ant-', 'Zx9Yw8Vu7T'.repeat(4)],
  ['h', 'f_', 'aBcDeFgHiJ'.repeat(4)],
  ['np', 'm_', 'Q1w2E3r4T5'.repeat(4)],
  ['eyJ', 'hbGciOiJIUzI1', '.eyJ', 'zdWIiOiIxMjM0', '.', 'c2lnbmF0dXJl']
].map((parts) => parts.join(''))

describe('nothing secret is captured', () => {
  it.each(TOKENS)('wherever it is planted: %s', async (token) => {
    const root = sandbox.repository()
    sandbox.git(root, 'checkout', '--quiet', '-b', `fix/${token}`)
    sandbox.git(root, 'tag', token)
    sandbox.git(root, 'remote', 'add', 'origin', `https://${token}:x-oauth-basic@github.com/org/repo.git?token=${token}`)
    sandbox.git(root, 'config', `url.https://${token}@github.com/.insteadOf`, 'https://github.com/')
    sandbox.git(root, 'config', 'http.extraHeader', `Authorization: Bearer ${token}`)
    const program = sandbox.write(`project/${token}/train.js`)
    const specification = `git+https://${token}:@example.org/x.git`
    const content = { name: token, repository: `https://user:${token}@example.org`, dependencies: { x: specification, [token]: '1.0.0' }, packageManager: `npm@1.0.0-${token}` }
    sandbox.write('project/package.json', JSON.stringify(content))
    for (const name of ['x', token]) sandbox.write(`project/node_modules/${name}/package.json`, JSON.stringify({ version: '1.0.0', _resolved: specification }))
    sandbox.write('project/package-lock.json', JSON.stringify({ resolved: specification }))
    sandbox.write('project/.npmrc', `//registry.npmjs.org/:_authToken=${token}\n`)
    const variables = {
      GITHUB_TOKEN: token,
      NODE_ENV: token,
      XLA_FLAGS: `--a=${token}`,
      BUILD_URL: `https://user:${token}@ci.example.org/?t=${token}`,
      BUILD_ID: token,
      JENKINS_URL: 'https://ci.example.org',
      npm_config_user_agent: `npm/1.0.0-${token} node/v20`
    }
    const { environmentFiles, ...captured } = await captureAll({ ...optionsFor(root, variables), program })
    expect(JSON.stringify(captured)).not.toContain(token)
    expect(JSON.stringify(captured)).not.toContain('x-oauth-basic')
    expect(environmentFiles).toEqual([])
    expect(findSecrets(jsonValueSchema.parse(captured), '')).toEqual([])
    expect(captured).toMatchObject({ code: { remote: 'https://github.com/org/repo.git', branch: '[redacted]' }, environment: { dependencies: { x: '1.0.0' } } })
  })

  it('also not deep inside of anything, as text or as key', () => {
    const token = fc.constantFrom(...TOKENS)
    const planted = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof({ depthSize: 'small' }, token, fc.string(), fc.integer(), fc.array(tie('tree')), fc.dictionary(fc.oneof(token, fc.string()), tie('tree')))
    }))
    fc.assert(
      fc.property(fc.array(planted.tree), (tree) => {
        const text = JSON.stringify(withoutSecrets(tree))
        for (const planted of TOKENS) expect(text).not.toContain(planted)
      })
    )
  })

  it('keeps what only looks odd: digests, hashes, models of processors, packages called like secrets', () => {
    const part = {
      digest: `sha256:${'0123456789abcdef'.repeat(4)}`,
      commit: '6d4275bf081ad9c932a0a039103931e772a37d75',
      cpu: { model: 'Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz' },
      uuid: 'GPU-5a8c1f0e-6c2d-7e1b-9f40-0b1d2c3e4f50',
      dependencies: { cookie: '1.0.0', 'generate-password': '1.7.1', '@types/jsonwebtoken': '9.0.6', 'js-tokens': '9.0.0' },
      runUrl: 'https://github.com/org/repo/actions/runs/12345678901',
      release: '6.8.0-1021-azure-fde-5.15-nvidia-lowlatency'
    }
    expect(withoutSecrets(part)).toEqual(part)
  })
})
