import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { startTraining } from '../../src/registry/start-training.js'
import { logHistory } from '../../src/testing/builders/log-history.js'
import { createTestRegistry, type TestRegistry } from '../../src/testing/create-test-registry.js'
import { onnxModel } from '../../src/testing/fixtures/onnx-model.js'
import { all, errorOf, temporaryFolder } from '../support/test-registry.js'

const before = process.env['STEMMA_ACTOR']
afterEach(() => {
  if (before === undefined) delete process.env['STEMMA_ACTOR']
  else process.env['STEMMA_ACTOR'] = before
})

/** Everything that a story leaves behind. */
async function everything(registry: TestRegistry): Promise<unknown> {
  const training = startTraining({ sources: registry.sources, params: { learningRate: 0.1 } })
  registry.clock.advance(60_000)
  training.metric('loss', 0.5)
  await registry.logModel({ name: 'm', artifacts: onnxModel(), training, capture: { user: true, host: true } })
  await Promise.all(['a', 'b', 'c'].map((name) => registry.logModel({ name, artifacts: onnxModel(), metrics: { auc: 0.9 } })))
  await logHistory(registry, 'n', [{ log: {} }, { promote: true, reason: 'first' }, { log: {} }, { promote: true }, { rollback: true }])
  const models = await all(registry.models())
  const histories = await Promise.all(models.map(({ name }) => all(registry.history(name))))
  const versions = await Promise.all(models.map(({ name }) => all(registry.versions(name))))
  return { models, histories, versions, lineage: await registry.lineage('m') }
}

describe('createTestRegistry', () => {
  it('gives the same in every run, down to every id and digest', async () => {
    await using first = createTestRegistry()
    await using second = createTestRegistry()
    process.env['STEMMA_ACTOR'] = 'somebody'
    const [one, two] = await Promise.all([everything(first), everything(second)])
    expect(one).toEqual(two)
    expect(JSON.stringify(one)).not.toContain('somebody')
  })

  it('has nothing of this machine in a version, so that a snapshot holds', async () => {
    await using registry = createTestRegistry()
    expect(await registry.logModel({ name: 'credit-score', artifacts: onnxModel() })).toMatchInlineSnapshot(`
      {
        "aliases": [],
        "approvals": [],
        "artifactCount": 1,
        "artifacts": [
          {
            "digest": "sha256:3c83e9b6a2a5e4d1b27e5687107b9b724c016f54d8616054ea3a3da5bb1e6461",
            "format": "onnx",
            "path": "model.onnx",
            "role": "weights",
            "sizeBytes": 254,
          },
        ],
        "audiences": [],
        "code": {
          "reason": "switched off",
          "state": "unavailable",
        },
        "createdAt": "2026-01-01T00:00:00.000Z",
        "datasets": [],
        "derivedFrom": [],
        "digest": "sha256:20124a0ab327d3cb47e9ef73d43a9f10dcde7ec6d90c0feb301ca1272ce66284",
        "environment": {
          "reason": "switched off",
          "state": "unavailable",
        },
        "evaluations": [],
        "featureImportance": {},
        "hardware": {
          "reason": "switched off",
          "state": "unavailable",
        },
        "live": [],
        "metrics": {},
        "name": "credit-score",
        "params": {},
        "schemaVersion": 1,
        "sequence": 1,
        "sizeBytes": 254,
        "stage": "none",
        "stageSince": {
          "action": "created",
          "at": "2026-01-01T00:00:00.000Z",
        },
        "tags": {},
        "version": "1.0.0",
      }
    `)
    expect((await registry.getModel('credit-score')).environmentDifferences).toEqual([])
  })

  it('shows the time that it is told, and past states by it', async () => {
    await using registry = createTestRegistry({ startAt: '2026-03-01T00:00:00Z' })
    await registry.logModel({ name: 'm', artifacts: onnxModel() })
    await registry.transitionStage('m', 'production')
    registry.clock.advance(1_000)
    const then = registry.clock.now()
    registry.clock.advance(86_399_000)
    await registry.logModel({ name: 'm', artifacts: onnxModel({ bias: 2 }) })
    await registry.transitionStage('m', 'production')
    expect(then).toBe('2026-03-01T00:00:01.000Z')
    expect(await registry.getVersion(`m@production?at=${then}`)).toMatchObject({ version: '1.0.0' })
    expect(await registry.getVersion('m@production')).toMatchObject({ version: '1.0.1', createdAt: '2026-03-02T00:00:00.000Z' })
    registry.clock.moveTo('2026-04-01')
    expect(registry.clock.now()).toBe('2026-04-01T00:00:00.000Z')
    expect(() => { registry.clock.moveTo('spring') }).toThrow('spring')
  })

  it('shares nothing with another one', async () => {
    await using first = createTestRegistry()
    await using second = createTestRegistry()
    await first.logModel({ name: 'm', artifacts: onnxModel() })
    expect(await all(second.models())).toEqual([])
    first.clock.advance(1)
    expect(second.clock.now()).toBe('2026-01-01T00:00:00.000Z')
  })

  it('leaves nothing on the disk', async () => {
    const registry = createTestRegistry()
    await registry.logModel({ name: 'm', artifacts: onnxModel() })
    const { dir } = await registry.getModel('m')
    const folder = /^.*stemma-test-[^/\\]+/.exec(dir)?.[0] ?? ''
    expect(dirname(folder)).toBe(tmpdir())
    expect(readdirSync(folder)).toEqual(['cache'])
    await registry.close()
    await registry.close()
    expect(existsSync(folder)).toBe(false)
    expect(await errorOf(registry.getVersion('m'))).toMatchObject({ code: 'CLOSED' })
  })

  it('has the captures, the policy and the actor that it is told', async () => {
    await using registry = createTestRegistry({
      actor: 'nightly',
      policy: { reasonRequiredFor: ['production'] },
      captured: { environment: { state: 'captured', digest: `sha256:${'1'.repeat(64)}`, runtime: { name: 'node', version: '20.19.0' }, os: { platform: 'linux', release: '6', arch: 'x64' }, files: [] } },
      environmentDifferences: [{ field: 'runtime.version', a: '20.19.0', b: '22.0.0' }]
    })
    const version = await registry.logModel({ name: 'm', artifacts: onnxModel() })
    expect(version).toMatchObject({ createdBy: 'nightly', environment: { runtime: { version: '20.19.0' } }, hardware: { state: 'unavailable' } })
    expect((await registry.getModel('m')).environmentDifferences).toHaveLength(1)
    expect(await errorOf(registry.transitionStage('m', 'production'))).toMatchObject({ code: 'FORBIDDEN_BY_RULE' })
  })

  it('refuses what it does not know', () => {
    const mistyped: object = { seeds: 2 }
    expect(() => createTestRegistry(mistyped)).toThrow('seeds')
    expect(() => createTestRegistry({ startAt: 'soon' })).toThrow('soon')
    const folder = temporaryFolder()
    vi.stubEnv('TMPDIR', folder)
    const wrong: object[] = [
      { seed: '1' },
      { seed: NaN },
      { startAt: 5 },
      { startAt: '1969-12-31' },
      { startAt: '+010000-01-01T00:00:00Z' },
      { policy: 5 },
      { actor: 5 },
      { actor: 'a\nb' },
      { captured: null },
      { captured: { code: { state: 'captured', source: 5 } } },
      { environmentDifferences: {} },
      { faults: {} },
      { faults: [{ method: 'createVersions', fail: 'IO' }] }
    ]
    for (const options of wrong) expect(() => createTestRegistry(options), JSON.stringify(options)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    vi.unstubAllEnvs()
    expect(readdirSync(folder)).toEqual([])
  })

  it('has a clock that cannot be broken', async () => {
    await using registry = createTestRegistry()
    for (const byMs of [NaN, -1, Infinity, 1e300]) expect(() => { registry.clock.advance(byMs) }).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    for (const instant of ['soon', '1900-01-01', '+010000-01-01T00:00:00Z']) expect(() => { registry.clock.moveTo(instant) }).toThrow(instant)
    registry.clock.moveTo('2025-01-01')
    expect((await registry.logModel({ name: 'm', artifacts: onnxModel() })).createdAt).toBe('2025-01-01T00:00:00.000Z')
  })
})
