import { createHash } from 'node:crypto'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Backend } from '../../src/backends/backend.js'
import { createMemoryBackend } from '../../src/backends/memory/create-memory-backend.js'
import { createRegistry } from '../../src/registry/create-registry.js'
import { errorOf, logSmall, temporaryFolder } from '../support/test-registry.js'

const isBackend = (value: unknown): value is Backend => value !== isBackend

describe('createRegistry', () => {
  it('refuses what is no backend before anything is done with it', () => {
    const wrong: unknown[] = [undefined, null, 5, 'memory:', {}, Promise.resolve(createMemoryBackend()), { ...createMemoryBackend(), openBlob: undefined }, { ...createMemoryBackend(), location: 5 }]
    for (const backend of wrong) {
      if (isBackend(backend)) expect(() => createRegistry(backend)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringMatching(/^createRegistry: /) as string }))
    }
    const lacking = { ...createMemoryBackend(), rollback: undefined, location: undefined }
    if (isBackend(lacking)) expect(() => createRegistry(lacking)).toThrow('the backend lacks rollback, location')
  })

  it('refuses options of openRegistry that would change nothing', () => {
    const options: object[] = [{ policy: { reasonRequiredFor: ['production'] } }, { durability: 'full' }, { token: 'x' }, { create: false }]
    for (const option of options) {
      expect(() => createRegistry(createMemoryBackend(), option)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining(`createRegistry options: unknown field`) as string }))
    }
  })

  it('takes a backend that is an instance of a class', async () => {
    const inner = createMemoryBackend()
    const instance: unknown = Object.create(inner)
    if (!isBackend(instance)) return
    await using registry = createRegistry(instance, { cache: temporaryFolder() })
    expect((await logSmall(registry, 'm', 'x')).version).toBe('1.0.0')
  })
})

describe('a backend that is not to be believed', () => {
  const model = async (change: (backend: Backend, folder: string) => Partial<Backend>): Promise<{ registry: ReturnType<typeof createRegistry>; folder: string }> => {
    const folder = temporaryFolder()
    const inner = createMemoryBackend()
    await using honest = createRegistry({ ...inner, close: () => Promise.resolve() }, { cache: join(folder, 'other') })
    await logSmall(honest, 'm', 'the bytes')
    return { registry: createRegistry({ ...inner, ...change(inner, folder) }, { cache: join(folder, 'cache') }), folder }
  }

  it.each(['../../evil', '/tmp/evil', 'a/../../evil', 'a\u0000b', '..', '', 'C:\\evil'])('writes nothing beside the folder: %j', async (path) => {
    const { registry, folder } = await model((inner) => ({
      resolve: async (reference, options) => {
        const version = await inner.resolve(reference, options)
        const artifacts = version.artifacts.map((artifact) => ({ ...artifact, path }))
        const manifest = JSON.stringify({ artifacts: artifacts.map(({ digest, format, role, sizeBytes }) => ({ digest, format, path, role, sizeBytes })), schemaVersion: 1 })
        return { ...version, artifacts, digest: `sha256:${createHash('sha256').update(manifest).digest('hex')}` }
      }
    }))
    const into = join(folder, 'a', 'b', 'into')
    expect((await errorOf(registry.getModel('m', { into }))).code).toMatch(/^[A-Z_]+$/)
    expect((await errorOf(registry.getModel('m'))).code).toMatch(/^[A-Z_]+$/)
    expect(existsSync(into) ? readdirSync(into) : []).toEqual([])
    expect([existsSync(join(folder, 'a', 'evil')), existsSync(join(folder, 'evil')), existsSync('/tmp/evil')]).toEqual([false, false, false])
  })

  it('has its bytes checked, also those that it says are on the disk', async () => {
    const { registry } = await model((_inner, folder) => ({
      localBlobPath: () => {
        writeFileSync(join(folder, 'forged'), 'the bytez')
        return join(folder, 'forged')
      }
    }))
    expect(await errorOf(registry.getModel('m'))).toMatchObject({ code: 'DIGEST_MISMATCH' })
    const { registry: longer } = await model(() => ({
      localBlobPath: () => undefined,
      openBlob: async function* () {
        await Promise.resolve()
        for (;;) yield Buffer.from('the bytes and more')
      }
    }))
    expect(await errorOf(longer.getModel('m'))).toMatchObject({ code: 'DIGEST_MISMATCH' })
  })
})
