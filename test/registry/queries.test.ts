import { chmodSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { toMermaid } from '../../src/record/draw-lineage.js'
import type { Registry } from '../../src/registry/registry.js'
import { fixedSources } from '../support/fixed-sources.js'
import { all, errorOf, logSmall, temporaryFolder, testRegistry } from '../support/test-registry.js'

async function filled(): Promise<Registry> {
  const registry = await testRegistry()
  await logSmall(registry, 'credit', 'a', { metrics: { auc: 0.8 }, tags: { site: 'berlin' }, datasets: ['loans@1'] })
  await logSmall(registry, 'credit', 'b', { metrics: { auc: 0.92 }, tags: { site: 'paris' }, datasets: ['loans@2'] })
  await logSmall(registry, 'fraud', 'c', { metrics: { auc: 0.95 }, tags: { site: 'berlin' }, derivedFrom: { model: 'credit@1.0.1', relation: 'fine-tuned' } })
  return registry
}

const labels = async (registry: Registry, query: Parameters<Registry['search']>[0]): Promise<string[]> =>
  (await all(registry.search(query))).map(({ name, version }) => `${name}@${version}`)

describe('search', () => {
  it('gives the same for the typed form and for text', async () => {
    const registry = await filled()
    const typed = { where: { 'metrics.auc': { gte: 0.9 }, not: { 'tags.site': 'paris' } } }
    expect(await labels(registry, typed)).toEqual(['fraud@1.0.0'])
    expect(await labels(registry, "metrics.auc >= 0.9 and not tags.site = 'paris'")).toEqual(['fraud@1.0.0'])
  })

  it('orders and limits', async () => {
    const registry = await filled()
    expect(await labels(registry, { orderBy: 'metrics.auc desc', limit: 2 })).toEqual(['fraud@1.0.0', 'credit@1.0.1'])
  })

  it('says where a filter is wrong', async () => {
    const registry = await filled()
    const error = await errorOf(all(registry.search('metrics.auc >> 0.9')))
    expect(error.code).toBe('INVALID_QUERY')
  })
})

describe('findVersion', () => {
  it('gives nothing where a reference means nothing, and fails as getVersion does otherwise', async () => {
    const registry = await filled()
    for (const reference of ['credit@production', 'credit@9.9.9', 'credit@production?audience=paris', 'absent']) expect(await registry.findVersion(reference)).toBeUndefined()
    expect(await registry.findVersion('credit')).toEqual(await registry.getVersion('credit'))
    await registry.deleteVersion('credit@1.0.0', { reason: 'test' })
    expect((await errorOf(registry.findVersion('credit@1.0.0'))).code).toBe('VERSION_DELETED')
    expect((await errorOf(registry.findVersion('credit@@'))).code).toBe('INVALID_REFERENCE')
  })
})

describe('models, versions, compare', () => {
  it('lists', async () => {
    const registry = await filled()
    await registry.transitionStage('credit@1.0.0', 'production', { audience: 'berlin' })
    expect(await all(registry.models())).toMatchObject([
      { name: 'credit', versionCount: 2, latest: '1.0.1', production: { berlin: '1.0.0' } },
      { name: 'fraud', versionCount: 1, latest: '1.0.0', production: {} }
    ])
    expect((await all(registry.versions('credit'))).map(({ version }) => version)).toEqual(['1.0.1', '1.0.0'])
    expect((await errorOf(all(registry.versions('absent')))).code).toBe('NOT_FOUND')
  })

  it('compares two versions', async () => {
    const registry = await filled()
    const comparison = await registry.compare('credit@1.0.0', 'credit@1.0.1')
    expect(comparison.sameArtifacts).toBe(false)
    expect(comparison.artifacts.changed.map(({ path }) => path)).toEqual(['model.bin'])
    expect(comparison.metrics).toMatchObject([{ field: 'auc', a: 0.8, b: 0.92 }])
    expect(comparison.tags).toMatchObject([{ field: 'site', a: 'berlin', b: 'paris' }])
  })
})

describe('lineage', () => {
  it('shows what made a version and what was made from it', async () => {
    const registry = await filled()
    const graph = await registry.lineage('credit@1.0.1')
    expect(graph.nodes.map(({ id }) => id)).toEqual(['dataset:loans@2', 'version:credit@1.0.1', 'version:fraud@1.0.0'])
    expect(graph.edges).toMatchObject([
      { from: 'dataset:loans@2', to: 'version:credit@1.0.1', relation: 'trained-on' },
      { from: 'version:credit@1.0.1', to: 'version:fraud@1.0.0', relation: 'fine-tuned' }
    ])
    expect(toMermaid(graph)).toContain('fraud#64;1.0.0')
    expect((await registry.lineage('credit@1.0.1', { direction: 'ancestors' })).nodes).toHaveLength(2)
  })

  it('shows what was made from a data set', async () => {
    const registry = await filled()
    const graph = await registry.lineage({ dataset: 'loans', version: '2' })
    expect(graph.nodes.map(({ id }) => id)).toEqual(['dataset:loans@2', 'version:credit@1.0.1', 'version:fraud@1.0.0'])
    expect((await registry.lineage({ dataset: 'absent' })).nodes).toMatchObject([{ missing: true }])
  })

  it('refuses what is no origin', async () => {
    const registry = await filled()
    expect((await errorOf(registry.lineage({ commit: 'xyz' }))).code).toBe('INVALID_INPUT')
    expect((await errorOf(registry.lineage('credit', { maxHops: -1 }))).code).toBe('INVALID_INPUT')
  })
})

describe('verify', () => {
  it('names every damaged file', async () => {
    const root = temporaryFolder()
    const registry = await testRegistry(root)
    await logSmall(registry, 'm', 'weights')
    expect(await registry.verify()).toMatchObject({ ok: true, models: 1, versions: 1, events: 1, problems: [] })
    const [event = ''] = readdirSync(join(root, 'models/m/log'))
    const path = join(root, 'models/m/log', event)
    chmodSync(path, 0o644)
    const bytes = readFileSync(path)
    bytes[40] = (bytes[40] ?? 0) ^ 1
    writeFileSync(path, bytes)
    const fresh = await testRegistry(root)
    expect((await fresh.verify()).problems).toMatchObject([{ kind: 'event', code: 'LOG_CORRUPT', model: 'm', n: 0, file: `models/m/log/${event}` }])
    expect((await errorOf(fresh.getVersion('m'))).code).toBe('LOG_CORRUPT')
  })
})

describe('collectGarbage', () => {
  it('removes what no version needs, in two runs an hour apart, and nothing else', async () => {
    const root = temporaryFolder()
    const hour = 3_600_000
    const sources = fixedSources({ startMs: Date.UTC(2026, 0, 1) })
    const registry = await testRegistry(root, { sources })
    const kept = await logSmall(registry, 'm', 'needed')
    const gone = await logSmall(registry, 'm', 'not needed')
    await registry.deleteVersion('m@1.0.1', { reason: 'test' })
    const blob = gone.artifacts[0]?.digest.slice(7) ?? ''
    utimesSync(join(root, 'blobs/sha256', blob), 0, 0)
    sources.advance(8 * 24 * hour)
    const dry = await registry.collectGarbage({ dryRun: true })
    expect(dry.trashed.map(({ digest }) => digest)).toEqual([`sha256:${blob}`])
    expect(readdirSync(join(root, 'blobs/sha256'))).toContain(blob)
    expect((await registry.collectGarbage()).trashed).toHaveLength(1)
    expect((await registry.collectGarbage()).removed).toEqual([])
    sources.advance(2 * hour)
    expect(await registry.collectGarbage()).toMatchObject({ removed: [{ digest: `sha256:${blob}`, sizeBytes: 10 }], reclaimedBytes: 10 })
    expect((await registry.getModel(`m@${kept.version}`)).source).toBe('registry')
    expect((await registry.verify()).ok).toBe(true)
  })

  it('refuses a short grace unless forced', async () => {
    const registry = await testRegistry()
    expect((await errorOf(registry.collectGarbage({ graceMs: 1 }))).code).toBe('INVALID_INPUT')
    expect(await registry.collectGarbage({ graceMs: 0, force: true })).toMatchObject({ dryRun: false })
  })
})

it('a model that is not there is told in one wording, with the names most like it', async () => {
  const registry = await testRegistry()
  await logSmall(registry, 'risk/credit-score', 'a')
  const hint = 'Did you mean risk/credit-score? models() lists those there are.'
  const missing = { code: 'NOT_FOUND', message: 'there is no model credit-score', hint, details: { models: ['risk/credit-score'] } }
  expect(await errorOf(registry.getVersion('credit-score@production'))).toMatchObject(missing)
  expect(await errorOf(all(registry.versions('credit-score')))).toMatchObject(missing)
  expect(await errorOf(all(registry.history('credit-score')))).toMatchObject(missing)
  expect(await errorOf(registry.getVersion('something-else'))).toMatchObject({ hint: 'models() lists those there are.' })
  const before = await errorOf(registry.getVersion('risk/credit-score?at=1990-01-01'))
  expect(before.message).toMatch(/^risk\/credit-score did not exist yet at 1990-01-01T00:00:00.000Z; its first version was logged at 20/)
})

describe('watch', () => {
  it('yields what is live now, and again when it changes', async () => {
    const registry = await testRegistry(temporaryFolder())
    await logSmall(registry, 'm', 'a')
    await logSmall(registry, 'm', 'b')
    await registry.transitionStage('m#1', 'production')
    const controller = new AbortController()
    const seen: string[] = []
    const reason = new Error('seen enough')
    const watching = (async () => {
      for await (const version of registry.watch('m@production', { signal: controller.signal })) {
        seen.push(version.version)
        if (seen.length === 1) await registry.transitionStage('m#2', 'production')
        if (seen.length === 2) await registry.rollback('m')
        if (seen.length === 3) controller.abort(reason)
      }
    })()
    await expect(watching).rejects.toBe(reason)
    expect(seen).toEqual(['1.0.0', '1.0.1', '1.0.0'])
  })

  it('waits while there is nothing, and ends when the registry is closed', async () => {
    const registry = await testRegistry()
    await logSmall(registry, 'm', 'a')
    const watching = all(registry.watch('m@production'))
    await registry.close()
    expect(await watching).toEqual([])
  })
})

describe('close', () => {
  it('may be called again, and refuses every verb afterwards', async () => {
    const registry = await testRegistry()
    await registry.close()
    await registry[Symbol.asyncDispose]()
    expect((await errorOf(registry.getVersion('m'))).code).toBe('CLOSED')
    expect((await errorOf(all(registry.models()))).code).toBe('CLOSED')
  })
})

describe('openRegistry', () => {
  it.each([
    ['https://user:word@registry.example.org', 'INVALID_INPUT'],
    ['ftp://registry.example.org', 'INVALID_INPUT'],
    ['', 'INVALID_INPUT']
  ])('refuses the target %j', async (target, code) => {
    expect((await errorOf(testRegistry(target))).code).toBe(code)
  })

  it('refuses a folder of other things, and leaves it alone', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'photos'))
    expect((await errorOf(testRegistry(folder))).code).toBe('STORE_INVALID')
    expect(readdirSync(folder)).toEqual(['photos'])
    expect((await errorOf(testRegistry(join(folder, 'absent'), { create: false }))).code).toBe('REGISTRY_UNAVAILABLE')
    expect(readdirSync(folder)).toEqual(['photos'])
  })

  it('refuses a store of a newer format', async () => {
    const root = temporaryFolder()
    await (await testRegistry(root)).close()
    const path = join(root, 'store.json')
    chmodSync(path, 0o644)
    writeFileSync(path, readFileSync(path, 'utf8').replace('"format":1', '"format":2').replace('"format": 1', '"format": 2'))
    expect((await errorOf(testRegistry(root))).code).toBe('FORMAT_TOO_NEW')
  })
})
