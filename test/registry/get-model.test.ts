import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Logger } from '../../src/registry/context.js'
import { errorOf, logSmall, temporaryFolder, testRegistry } from '../support/test-registry.js'

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

describe('getModel', () => {
  it('hands out every file, from the cache the second time', async () => {
    const registry = await testRegistry(temporaryFolder())
    await registry.logModel({ name: 'm', artifacts: { 'model.bin': 'weights', 'sub/config.json': '{}', empty: '' }, capture: false })
    const first = await registry.getModel('m@1.0.0')
    expect([first.source, first.stale, first.healed]).toEqual(['registry', false, []])
    expect(text(await first.read('model.bin'))).toBe('weights')
    expect(readFileSync(first.path('sub/config.json'), 'utf8')).toBe('{}')
    expect((await first.read('empty')).length).toBe(0)
    const chunks: Uint8Array[] = []
    for await (const chunk of first.stream('model.bin')) chunks.push(chunk)
    expect(text(Buffer.concat(chunks))).toBe('weights')
    const second = await registry.getModel('m')
    expect([second.source, second.dir]).toEqual(['cache', first.dir])
    expect(second.version).toEqual(await registry.getVersion('m'))
  })

  it('names a damaged file and heals it from the store', async () => {
    const warnings: string[] = []
    const logger: Logger = { warn: (message) => warnings.push(message) }
    const registry = await testRegistry(temporaryFolder(), { logger })
    await logSmall(registry, 'm', 'weights')
    const { dir } = await registry.getModel('m')
    const file = join(dir, 'model.bin')
    chmodSync(file, 0o644)
    writeFileSync(file, 'WEIGHTS')
    const healed = await registry.getModel('m')
    expect(healed.healed).toEqual(['model.bin'])
    expect(warnings.join()).toContain('model.bin')
    expect(text(await healed.read('model.bin'))).toBe('weights')
  })

  it('never hands out bytes of the registry that are wrong', async () => {
    const root = temporaryFolder()
    const registry = await testRegistry(root)
    const { artifacts } = await logSmall(registry, 'm', 'weights')
    const blob = join(root, 'blobs/sha256', artifacts[0]?.digest.slice('sha256:'.length) ?? '')
    chmodSync(blob, 0o644)
    writeFileSync(blob, 'WEIGHTS')
    const error = await errorOf(registry.getModel('m'))
    expect(error.code).toBe('DIGEST_MISMATCH')
    expect(error.message).toContain('model.bin')
    rmSync(blob)
    expect((await errorOf(registry.getModel('m'))).code).toBe('BLOB_MISSING')
    const report = await registry.verify('m')
    expect(report).toMatchObject({ ok: false, problems: [{ kind: 'blob', code: 'BLOB_MISSING', affects: ['m@1.0.0:model.bin'] }] })
  })

  it('writes into a folder, with the environment files when asked', async () => {
    const registry = await testRegistry(temporaryFolder())
    await registry.logModel({ name: 'm', artifacts: { 'model.bin': 'weights' }, capture: { code: false, hardware: false } })
    const into = join(temporaryFolder(), 'out')
    const model = await registry.getModel('m', { into, environmentFiles: true })
    expect(model.dir).toBe(into)
    expect(readFileSync(join(into, 'model.bin'), 'utf8')).toBe('weights')
    expect(existsSync(join(into, '.stemma/package.json'))).toBe(true)
    expect((await errorOf(registry.getModel('m', { into }))).code).toBe('DESTINATION_EXISTS')
    await registry.getModel('m', { into, overwrite: true })
    expect(readdirSync(into)).toEqual(['model.bin'])
  })

  it('loads only what is included', async () => {
    const registry = await testRegistry(temporaryFolder())
    await registry.logModel({ name: 'm', artifacts: { 'a.onnx': 'a', 'b.txt': 'b', 'tokenizer/v.json': '[]' }, capture: false })
    const model = await registry.getModel('m', { include: ['*.onnx', 'tokenizer/**'] })
    expect(text(await model.read('a.onnx'))).toBe('a')
    expect((await errorOf(model.read('b.txt'))).code).toBe('NOT_FOUND')
    expect((await registry.getModel('m')).source).toBe('registry')
    expect((await errorOf(registry.getModel('m', { include: ['*.pt'] }))).code).toBe('NOT_FOUND')
  })

  it('starts from the last known good version when the registry is out of reach, and says so', async () => {
    const root = join(temporaryFolder(), 'store')
    const warnings: string[] = []
    const registry = await testRegistry(root, { logger: { warn: (message) => warnings.push(message) } })
    await logSmall(registry, 'm', 'weights')
    await registry.transitionStage('m', 'production')
    await registry.getModel('m@production')
    const log = join(root, 'models/m/log')
    renameSync(log, `${log}.away`)
    writeFileSync(log, 'not a folder')
    expect((await errorOf(registry.getModel('m@production'))).retryable).toBeDefined()
    const model = await registry.getModel('m@production', { fallback: 'last-known-good' })
    expect([model.stale, model.source, model.version.version]).toEqual([true, 'cache', '1.0.0'])
    expect(text(await model.read('model.bin'))).toBe('weights')
    expect(warnings.join()).toContain('cannot be reached')
    expect((await errorOf(registry.getModel('m@1.0.0', { fallback: 'last-known-good' }))).code).not.toBe('NOT_FOUND')
  })

  it('names what differs between there and here', async () => {
    const registry = await testRegistry()
    await registry.logModel({ name: 'm', artifacts: { 'model.bin': 'x' }, capture: { code: false } })
    expect((await registry.getModel('m')).environmentDifferences).toEqual([])
  })

  it.each([
    ['a name that is not there', 'absent', {}, 'NOT_FOUND'],
    ['a stage that nothing is in', 'm@production', {}, 'NOT_FOUND'],
    ['a reference that cannot be read', 'm@', {}, 'INVALID_REFERENCE'],
    ['an empty include', 'm', { include: [] }, 'INVALID_INPUT'],
    ['environment files without a folder', 'm', { environmentFiles: true }, 'INVALID_INPUT']
  ])('refuses %s', async (_title, reference, options, code) => {
    const registry = await testRegistry()
    await logSmall(registry, 'm', 'x')
    expect((await errorOf(registry.getModel(reference, options))).code).toBe(code)
  })

  it('keeps cached files from being edited by accident', async () => {
    const registry = await testRegistry(temporaryFolder())
    await logSmall(registry, 'm', 'x')
    const model = await registry.getModel('m')
    expect(statSync(model.path('model.bin')).mode & 0o222).toBe(0)
  })
})
