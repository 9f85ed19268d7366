import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import * as stemma from '../../src/index.js'
import { all, errorOf, temporaryFolder } from '../support/test-registry.js'

let folder: string

beforeEach(() => {
  folder = temporaryFolder()
  vi.stubEnv('STEMMA_REGISTRY', join(folder, 'store'))
  vi.stubEnv('STEMMA_CACHE', join(folder, 'cache'))
})

afterEach(() => {
  vi.unstubAllEnvs()
})

it('works on STEMMA_REGISTRY from the first call to the last', async () => {
  await stemma.logModel({ name: 'm', artifacts: { 'model.bin': 'a' }, capture: false, metrics: { auc: 0.9 } })
  await stemma.logModel({ name: 'm', artifacts: { 'model.bin': 'b' }, capture: false })
  await stemma.transitionStage('m#1', 'production')
  await stemma.transitionStage('m#2', 'production')
  expect((await stemma.rollback('m')).version).toBe('1.0.0')
  await stemma.updateMetadata('m#2', { tags: { seen: 'yes' } })
  await stemma.deleteVersion('m#2', { reason: 'test' })
  expect((await stemma.getModel('m@production')).version.version).toBe('1.0.0')
  expect(await stemma.findVersion('m@staging')).toBeUndefined()
  expect((await all(stemma.models())).map(({ name }) => name)).toEqual(['m'])
  expect(await all(stemma.versions('m'))).toHaveLength(1)
  expect(await all(stemma.search('metrics.auc > 0.5'))).toHaveLength(1)
  expect(await all(stemma.history('m'))).toHaveLength(7)
  expect((await stemma.lineage('m')).nodes).toHaveLength(1)
  expect((await stemma.compare('m#1', 'm#1')).sameArtifacts).toBe(true)
  expect((await stemma.verify()).ok).toBe(true)
  expect((await stemma.collectGarbage({ dryRun: true })).trashed).toEqual([])
  for await (const version of stemma.watch('m@production')) {
    expect(version.version).toBe('1.0.0')
    break
  }
})

it('does not make a registry by reading', async () => {
  const refused = await errorOf(stemma.getVersion('m'))
  expect(refused.code).toBe('REGISTRY_UNAVAILABLE')
  for (const way of ['STEMMA_REGISTRY', 'logModel', 'create: true']) expect(refused.hint).toContain(way)
  expect((await errorOf(stemma.getModel('m', { registry: join(folder, 'typo') }))).message).toContain('typo')
})

it('sees a folder that was removed and made again as another registry', async () => {
  await stemma.logModel({ name: 'm', artifacts: { x: 'a' }, capture: false })
  rmSync(join(folder, 'store'), { recursive: true })
  await (await stemma.openRegistry()).close()
  const version = await stemma.logModel({ name: 'm', artifacts: { x: 'b' }, capture: false })
  expect(version.version).toBe('1.0.0')
  expect(await all(stemma.versions('m'))).toHaveLength(1)
})

it('keeps memory: between calls, and takes an open registry', async () => {
  await stemma.logModel({ name: 'in-memory', artifacts: { x: 'a' }, capture: false }, { registry: 'memory:' })
  expect((await stemma.getVersion('in-memory', { registry: 'memory:' })).version).toBe('1.0.0')
  await using registry = await stemma.openRegistry('memory:')
  expect((await errorOf(stemma.getVersion('in-memory', { registry }))).code).toBe('NOT_FOUND')
})

it('tells a program without types what a call lacks', async () => {
  await stemma.logModel({ name: 'm', artifacts: { 'model.bin': 'a' }, capture: false })
  const untyped = (verb: 'deleteVersion' | 'getModel' | 'getVersion', ...values: unknown[]): Promise<unknown> => {
    const called: unknown = Reflect.apply(stemma[verb], undefined, values)
    return errorOf(Promise.resolve(called))
  }
  expect(await untyped('deleteVersion', 'm@1.0.0')).toMatchObject({ code: 'INVALID_INPUT' })
  expect(await untyped('getVersion', 'm', null)).toMatchObject({ code: 'INVALID_INPUT' })
  expect(await untyped('getModel', 'm', null)).toMatchObject({ code: 'INVALID_INPUT' })
})

it('names the way back to a version that was taken back', async () => {
  await stemma.logModel({ name: 'm', artifacts: { 'model.bin': 'a' }, capture: false })
  await stemma.transitionStage('m@1.0.0', 'production')
  await stemma.transitionStage('m@1.0.0', 'staging')
  expect(await errorOf(stemma.rollback('m'))).toMatchObject({ code: 'NOT_FOUND', hint: expect.stringContaining('`to`') as string })
  expect((await stemma.rollback('m', { to: '1.0.0' })).stage).toBe('production')
})
