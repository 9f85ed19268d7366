import { describe, expect, it } from 'vitest'
import { contextOf } from '../../src/registry/registry-context.js'
import { registerVersion, type RegisterVersionInput } from '../../src/registry/register-version.js'
import type { Registry } from '../../src/registry/registry.js'
import { manifestBytes, manifestDigest } from '../../src/record/manifest.js'
import type { Manifest } from '../../src/schemas/artifact.js'
import type { Digest } from '../../src/schemas/digest.js'
import { all, errorOf, logSmall, testRegistry } from '../support/test-registry.js'

const OFF = { state: 'unavailable', reason: 'switched off' }
const BIRTH = { schemaVersion: 1, params: {}, metrics: { auc: 0.9 }, evaluations: [], featureImportance: {}, datasets: [], derivedFrom: [], code: OFF, environment: OFF, hardware: OFF }
const SECRET = `ghp_${'a1B2'.repeat(10)}`

/** A registry that has the bytes of one model, and what another process would say of it. */
async function prepared(): Promise<{ registry: Registry; input: RegisterVersionInput; register: (changes?: Partial<RegisterVersionInput>, operationId?: string) => ReturnType<typeof registerVersion> }> {
  const registry = await testRegistry()
  const context = contextOf(registry)
  const { digest, sizeBytes } = await store(registry, Buffer.from('weights'))
  const manifest: Manifest = { schemaVersion: 1, artifacts: [{ path: 'model.bin', sizeBytes, digest, format: 'binary', role: 'weights' }] }
  await store(registry, manifestBytes(manifest))
  const input: RegisterVersionInput = { name: 'm', manifest: manifestDigest(manifest), birth: BIRTH, version: { bump: 'patch' }, tags: {}, aliases: [] }
  return { registry, input, register: (changes, operationId) => registerVersion(context, { ...input, ...changes }, { operationId }) }
}

async function store(registry: Registry, bytes: Uint8Array): Promise<{ digest: Digest; sizeBytes: number }> {
  const [blob] = await contextOf(registry).backend.putBlobs([{ kind: 'bytes', label: 'a', bytes }], {})
  if (!blob) throw new Error('nothing was stored')
  return blob
}

function deep(levels: number): unknown {
  return levels === 0 ? 1 : [deep(levels - 1)]
}

describe('registerVersion', () => {
  it('registers what another process has stored, once for one operation', async () => {
    const { registry, register } = await prepared()
    const version = await register({ tags: { site: 'berlin' }, aliases: ['champion'], description: 'first' }, 'once')
    expect(version).toMatchObject({ name: 'm', version: '1.0.0', tags: { site: 'berlin' }, aliases: ['champion'], description: 'first', metrics: { auc: 0.9 } })
    expect(await register({}, 'once')).toEqual(version)
    expect(await all(registry.versions('m'))).toHaveLength(1)
    expect((await registry.getModel('m')).version.artifacts).toHaveLength(1)
  })

  const refused: [string, Partial<RegisterVersionInput>, string][] = [
    ['a name that is none', { name: '../m' }, 'INVALID_NAME'],
    ['a version that is none', { version: { exact: '1' } }, 'INVALID_VERSION'],
    ['an alias that reads as a version', { aliases: ['v1'] }, 'INVALID_ALIAS'],
    ['an alias that is a stage', { aliases: ['Production'] }, 'INVALID_ALIAS'],
    ['an alias that is a secret', { aliases: [SECRET] }, 'SECRET_IN_METADATA'],
    ['a birth that is none', { birth: { schemaVersion: 2 } }, 'INVALID_METADATA'],
    ['a number that is none', { birth: { ...BIRTH, metrics: { auc: Infinity } } }, 'INVALID_METADATA'],
    ['a key that reaches the prototype', { birth: { ...BIRTH, params: JSON.parse('{"__proto__":{"a":1}}') as object } }, 'INVALID_METADATA'],
    ['a key that reaches the prototype, where nobody looks', { birth: { ...BIRTH, newer: JSON.parse('{"constructor":1}') as object } }, 'INVALID_METADATA'],
    ['params that are too deep', { birth: { ...BIRTH, params: { a: deep(40) } } }, 'INVALID_METADATA'],
    ['params that are too many', { birth: { ...BIRTH, params: { a: Array.from({ length: 10_001 }, () => 1) } } }, 'INVALID_METADATA'],
    ['tags that are too many', { tags: Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`t${index}`, ''])) }, 'INVALID_METADATA'],
    ['half of a surrogate pair', { description: '\ud800' }, 'INVALID_METADATA'],
    ['a secret in params', { birth: { ...BIRTH, params: { key: SECRET } } }, 'SECRET_IN_METADATA'],
    ['a secret in a tag', { tags: { note: `token ${SECRET}` } }, 'SECRET_IN_METADATA'],
    ['a secret in the description', { description: SECRET }, 'SECRET_IN_METADATA'],
    ['a secret in what was captured', { birth: { ...BIRTH, code: { state: 'captured', source: 'git', remote: 'https://me:Zq3xY7@example.org/a.git' } } }, 'SECRET_IN_METADATA'],
    ['a secret by its key where this stemma knows no field', { birth: { ...BIRTH, newer: { password: 'hunter2-hunter2' } } }, 'SECRET_IN_METADATA'],
    ['a key that is a secret, where this stemma knows no field', { birth: { ...BIRTH, newer: { [SECRET]: 1 } } }, 'SECRET_IN_METADATA'],
    ['a key that is a secret, in what was captured', { birth: { ...BIRTH, code: { state: 'unavailable', reason: 'none', [SECRET]: 1 } } }, 'SECRET_IN_METADATA'],
    ['a secret where this stemma knows no field', { birth: { ...BIRTH, newer: { note: SECRET } } }, 'SECRET_IN_METADATA'],
    ['a manifest that is not stored', { manifest: `sha256:${'0'.repeat(64)}` }, 'BLOB_MISSING'],
    ['an origin that is not there', { birth: { ...BIRTH, derivedFrom: [{ name: 'base', version: '1.0.0', digest: `sha256:${'0'.repeat(64)}`, relation: 'fine-tuned' }] } }, 'NOT_FOUND'],
    [
      'an environment file that would lie elsewhere',
      { birth: { ...BIRTH, environment: { state: 'captured', digest: 'sha256:0', runtime: { name: 'node', version: '20' }, os: { platform: 'linux', release: '6', arch: 'x64' }, files: [{ path: '../../evil', sizeBytes: 1, digest: `sha256:${'0'.repeat(64)}` }] } } },
      'INVALID_PATH'
    ],
    [
      'an environment file that is no blob',
      { birth: { ...BIRTH, environment: { state: 'captured', digest: 'sha256:0', runtime: { name: 'node', version: '20' }, os: { platform: 'linux', release: '6', arch: 'x64' }, files: [{ path: 'a', sizeBytes: 1, digest: 'md5:1' }] } } },
      'INVALID_METADATA'
    ]
  ]

  it.each(refused)('refuses %s', async (_, changes, code) => {
    const { registry, register } = await prepared()
    const error = await errorOf(register(changes))
    expect(error.code).toBe(code)
    expect(JSON.stringify(error)).not.toContain(SECRET)
    expect(await all(registry.models())).toEqual([])
  })

  it.each([
    ['a path that leaves the folder', { schemaVersion: 1, artifacts: [{ path: '../evil', sizeBytes: 1, digest: `sha256:${'0'.repeat(64)}`, format: 'binary', role: 'weights' }] }, 'INVALID_PATH'],
    ['no manifest', { artifacts: 1 }, 'INVALID_INPUT'],
    ['an artifact that is not stored', { schemaVersion: 1, artifacts: [{ path: 'a', sizeBytes: 1, digest: `sha256:${'0'.repeat(64)}`, format: 'binary', role: 'weights' }] }, 'BLOB_MISSING']
  ])('refuses a manifest with %s', async (_, manifest, code) => {
    const { registry, register } = await prepared()
    const { digest } = await store(registry, Buffer.from(JSON.stringify(manifest)))
    const error = await errorOf(register({ manifest: digest }))
    expect([error.code, await all(registry.models())]).toEqual([code, []])
  })

  it('holds an origin against what is there, and takes one that was deleted meanwhile', async () => {
    const { registry, register } = await prepared()
    const base = await logSmall(registry, 'base', 'base')
    const from = (digest: string): Partial<RegisterVersionInput> => ({ birth: { ...BIRTH, derivedFrom: [{ name: 'base', version: '1.0.0', digest, relation: 'fine-tuned' }] } })
    expect((await errorOf(register(from(`sha256:${'1'.repeat(64)}`)))).code).toBe('NOT_FOUND')
    expect((await register(from(base.digest))).derivedFrom).toHaveLength(1)
    await registry.deleteVersion('base@1.0.0', { reason: 'withdrawn' })
    expect((await register(from(base.digest))).version).toBe('1.0.1')
  })

  it('takes what the caller vouches for, as logModel does', async () => {
    const { register } = await prepared()
    const birth = { ...BIRTH, params: { session: SECRET } }
    expect((await register({ birth, allowSecretsAt: ['params.session'] })).params).toEqual({ session: SECRET })
  })
})
