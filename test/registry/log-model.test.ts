import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { startTraining } from '../../src/registry/start-training.js'
import type { Training } from '../../src/schemas/training.js'
import type { Progress } from '../../src/util/options.js'
import { all, errorOf, logSmall, temporaryFolder, testRegistry } from '../support/test-registry.js'

describe('logModel', () => {
  it('gives versions and sequences, and keeps what was said', async () => {
    const registry = await testRegistry()
    const first = await registry.logModel({
      name: 'risk/credit-score',
      artifacts: { 'model.onnx': 'weights', 'config/model.json': '{}' },
      params: { depth: 6, layers: [64, 32] },
      metrics: { auc: 0.93 },
      evaluations: [{ slice: 'site=berlin', metrics: { auc: 0.91 } }],
      featureImportance: { income: 0.7, age: 0.3 },
      tags: { team: 'risk' },
      description: 'first',
      aliases: ['champion'],
      datasets: ['loans@3'],
      signature: { inputs: ['income', 'age'] },
      capture: false
    })
    expect(first).toMatchObject({
      name: 'risk/credit-score',
      version: '1.0.0',
      sequence: 1,
      sizeBytes: 9,
      artifactCount: 2,
      stage: 'none',
      audiences: [],
      aliases: ['champion'],
      params: { depth: 6, layers: [64, 32] },
      metrics: { auc: 0.93 },
      evaluations: [{ slice: 'site=berlin', metrics: { auc: 0.91 } }],
      featureImportance: { income: 0.7, age: 0.3 },
      tags: { team: 'risk' },
      description: 'first',
      datasets: [{ name: 'loans', version: '3' }],
      signature: { inputs: ['income', 'age'] },
      code: { state: 'unavailable', reason: 'switched off' }
    })
    expect(first.artifacts.map(({ path, format, role }) => ({ path, format, role }))).toEqual([
      { path: 'config/model.json', format: 'json', role: 'config' },
      { path: 'model.onnx', format: 'onnx', role: 'weights' }
    ])
    expect(await registry.getVersion('risk/credit-score@champion')).toEqual(first)
    const second = await logSmall(registry, 'risk/credit-score', 'other', { bump: 'minor' })
    expect([second.version, second.sequence]).toEqual(['1.1.0', 2])
  })

  it('gives equal artifacts the same digest, wherever they come from', async () => {
    const registry = await testRegistry()
    const folder = join(temporaryFolder(), 'model')
    mkdirSync(join(folder, 'sub'), { recursive: true })
    writeFileSync(join(folder, 'a.bin'), 'aaa')
    writeFileSync(join(folder, 'sub/b.bin'), 'bbb')
    const variants = [
      folder,
      [{ source: join(folder, 'a.bin') }, { source: join(folder, 'sub/b.bin'), path: 'sub/b.bin' }],
      { 'a.bin': Buffer.from('aaa'), 'sub/b.bin': 'bbb' },
      { 'sub/b.bin': Readable.from([Buffer.from('b'), Buffer.from('bb')]), 'a.bin': 'aaa' }
    ]
    const digests = []
    for (const artifacts of variants) digests.push((await registry.logModel({ name: 'same', artifacts, capture: false })).digest)
    expect(new Set(digests).size).toBe(1)
  })

  it('takes a long training, up to what an event can hold', async () => {
    const registry = await testRegistry()
    const training = (count: number): Training => ({
      ...{ startedAt: '2026-03-01T00:00:00.000Z', finishedAt: '2026-03-01T01:00:00.000Z', durationMs: 3_600_000, params: {} },
      series: { loss: Array.from({ length: count }, (_, step) => ({ step, value: 1 / (step + 1), elapsedMs: step })) }
    })
    const version = await logSmall(registry, 'trained', 'x', { training: training(5_000) })
    expect(version.training?.series['loss']).toHaveLength(5_000)
    expect(version.metrics).toEqual({ loss: 1 / 5_000 })
    expect((await errorOf(logSmall(registry, 'trained', 'x', { training: training(25_000) }))).code).toBe('TOO_LARGE')
  })

  it('takes params and metrics of a training, where nothing else was said', async () => {
    const registry = await testRegistry()
    const training = startTraining({ params: { epochs: 2, rate: 0.1 } })
    training.metric('loss', 0.5)
    training.metric('loss', 0.25)
    const version = await logSmall(registry, 'trained', 'x', { training, params: { rate: 0.2 } })
    expect(version.params).toEqual({ epochs: 2, rate: 0.2 })
    expect(version.metrics).toEqual({ loss: 0.25 })
    expect(version.training?.series['loss']?.map((point) => point.value)).toEqual([0.5, 0.25])
  })

  it('stores preprocessing with the model', async () => {
    const registry = await testRegistry()
    const version = await logSmall(registry, 'with-vocabulary', 'x', { preprocessing: { 'vocabulary.json': '[]' } })
    expect(version.artifacts.map(({ path, role }) => [path, role])).toEqual([
      ['model.bin', 'weights'],
      ['preprocessing/vocabulary.json', 'preprocessing']
    ])
  })

  it('pins the origin of a derived version', async () => {
    const registry = await testRegistry()
    const base = await logSmall(registry, 'base', 'x')
    const version = await logSmall(registry, 'small', 'y', { derivedFrom: { model: 'base', relation: 'quantized' } })
    expect(version.derivedFrom).toEqual([{ name: 'base', version: '1.0.0', digest: base.digest, relation: 'quantized' }])
    const error = await errorOf(logSmall(registry, 'small', 'z', { derivedFrom: { model: 'absent', relation: 'merged' } }))
    expect(error.code).toBe('NOT_FOUND')
    expect((await all(registry.versions('small'))).length).toBe(1)
  })

  it('captures code, environment and hardware by itself', async () => {
    const registry = await testRegistry()
    const version = await registry.logModel({ name: 'captured', artifacts: { 'model.bin': 'x' } })
    expect(version.environment).toMatchObject({ state: 'captured', runtime: { name: 'node', version: process.versions.node } })
    expect(version.hardware).toMatchObject({ state: 'captured' })
    expect(version.environment.state === 'captured' && version.environment.files?.map((file) => file.path)).toContain('package.json')
    expect(version.artifacts.map((artifact) => artifact.path)).toEqual(['model.bin'])
  })

  it('reports progress up to the last byte', async () => {
    const registry = await testRegistry(temporaryFolder())
    const seen: Progress[] = []
    await registry.logModel({ name: 'big', artifacts: { 'model.bin': Buffer.alloc(3_000_000) }, capture: false }, { onProgress: (progress) => seen.push(progress) })
    expect(seen.at(-1)).toMatchObject({ doneBytes: 3_000_000, totalBytes: 3_000_000 })
  })

  it('answers a repeated operation with the first result', async () => {
    const registry = await testRegistry()
    const input = { name: 'once', artifacts: { 'model.bin': 'x' }, capture: false } as const
    const first = await registry.logModel(input, { operationId: 'run-17' })
    expect(await registry.logModel(input, { operationId: 'run-17' })).toEqual(first)
    expect((await all(registry.versions('once'))).length).toBe(1)
  })

  const refused: [string, Record<string, unknown>, string][] = [
    ['a bad name', { name: '../up' }, 'INVALID_NAME'],
    ['an unknown field', { metrcs: { auc: 1 } }, 'INVALID_INPUT'],
    ['a metric that is not a number', { metrics: { auc: Number.NaN } }, 'INVALID_METADATA'],
    ['a param that JSON cannot hold', { params: { when: new Map() } }, 'INVALID_METADATA'],
    ['a key that would change the prototype', { params: JSON.parse('{"__proto__": 1}') as unknown }, 'INVALID_METADATA'],
    ['a token in a tag', { tags: { token: 'ghp_0123456789abcdefghijABCDEFGHIJ012345' } }, 'SECRET_IN_METADATA'],
    ['a token in the description', { description: 'use ghp_0123456789abcdefghijABCDEFGHIJ012345' }, 'SECRET_IN_METADATA'],
    ['a token in a reason of an evaluation', { evaluations: [{ slice: 'ghp_0123456789abcdefghijABCDEFGHIJ012345', metrics: {} }] }, 'SECRET_IN_METADATA'],
    ['a version that is none', { version: '1.0' }, 'INVALID_VERSION'],
    ['version and bump at once', { version: '1.0.0', bump: 'major' }, 'INVALID_INPUT'],
    ['an alias that reads as a stage', { aliases: ['production'] }, 'INVALID_ALIAS'],
    ['a path that leaves the folder', { artifacts: { '../x': 'x' } }, 'INVALID_PATH'],
    ['paths that collide', { artifacts: { 'A.bin': 'x', 'a.bin': 'y' } }, 'INVALID_PATH'],
    ['nothing to store', { artifacts: {} }, 'INVALID_INPUT'],
    ['a file that is not there', { artifacts: './no/such/file' }, 'SOURCE_UNREADABLE']
  ]
  it.each(refused)('refuses %s, and makes no version', async (_title, change, code) => {
    const registry = await testRegistry()
    const error = await errorOf(logSmall(registry, 'model', 'x', change))
    expect(error.code).toBe(code)
    expect(error.message).not.toContain('ghp_')
    expect(await all(registry.models())).toEqual([])
  })

  it('refuses a version that is taken', async () => {
    const registry = await testRegistry()
    await logSmall(registry, 'model', 'x', { version: '2.0.0' })
    const error = await errorOf(logSmall(registry, 'model', 'y', { version: '2.0.0' }))
    expect(error.code).toBe('ALREADY_EXISTS')
  })

  it('stops at once when aborted, and makes no version', async () => {
    const registry = await testRegistry(temporaryFolder())
    const reason = new Error('enough')
    await expect(
      registry.logModel({ name: 'model', artifacts: { 'model.bin': 'x' }, capture: false }, { signal: AbortSignal.abort(reason) })
    ).rejects.toBe(reason)
    const controller = new AbortController()
    const source = (async function* () {
      yield Buffer.alloc(100_000)
      await Promise.resolve()
      controller.abort(reason)
      yield Buffer.alloc(100_000)
    })()
    await expect(
      registry.logModel({ name: 'model', artifacts: { 'model.bin': source }, capture: false }, { signal: controller.signal })
    ).rejects.toBe(reason)
    expect(await all(registry.models())).toEqual([])
  })
})
