import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openModelCache, type ModelCache } from '../../../src/artifacts/cache/model-cache.js'
import { nodeStoreFs } from '../../../src/io/node-store-fs.js'
import { modelVersionSchema, type ModelVersion } from '../../../src/schemas/model-version.js'
import { systemSources } from '../../../src/util/sources.js'
import { laterSources, sampleVersion, type SampleVersion } from '../sample-version.js'
import { temporaryFolder } from '../temporary-folder.js'

function cacheAt(root: string, aheadMs = 0): ModelCache {
  return openModelCache({ root, fs: nodeStoreFs, sources: laterSources(aheadMs) })
}

function modelVersion({ artifacts, digest }: SampleVersion): ModelVersion {
  const missing = { state: 'unavailable', reason: 'switched off' }
  return modelVersionSchema.parse({
    name: 'credit', version: '1.0.0', sequence: 1, digest, createdAt: '2026-03-01T00:00:00.000Z', sizeBytes: 7, artifactCount: artifacts.length,
    schemaVersion: 1, params: {}, metrics: {}, evaluations: [], featureImportance: {}, datasets: [], derivedFrom: [],
    code: missing, environment: missing, hardware: missing, stage: 'production', audiences: ['default'], aliases: [], tags: {}, approvals: [], artifacts,
    stageSince: { at: '2026-03-02T00:00:00.000Z', action: 'transition' }, live: [{ audience: 'default', at: '2026-03-02T00:00:00.000Z', action: 'transition' }]
  })
}

describe('what a reference meant', () => {
  const key = 'https://registry.example\ncredit@production'

  it('is remembered with its artifacts, as of the last answer', async () => {
    const root = join(temporaryFolder(), 'cache')
    const sample = sampleVersion({ 'model.onnx': 'weights' })
    const version = modelVersion(sample)
    await cacheAt(root).materialize(sample)
    await cacheAt(root).rememberResolution(key, version)
    const first = await cacheAt(root).recallResolution(key)
    expect(first?.version).toEqual(version)
    await cacheAt(root, 60_000).rememberResolution(key, version)
    const second = await cacheAt(root).recallResolution(key)
    expect((second?.rememberedAtMs ?? 0) - (first?.rememberedAtMs ?? 0)).toBeGreaterThan(50_000)
  })

  it('is unknown for another key, without the version, or when the file is damaged', async () => {
    const root = join(temporaryFolder(), 'cache')
    const cache = cacheAt(root)
    expect(await cache.recallResolution(key)).toBeUndefined()
    const sample = sampleVersion({ 'model.onnx': 'weights' })
    await cache.rememberResolution(key, modelVersion(sample))
    expect(await cache.recallResolution(key)).toBeUndefined()
    const { dir } = await cache.materialize(sample)
    expect(await cache.recallResolution(`${key}x`)).toBeUndefined()
    expect(await cache.recallResolution(key)).toBeDefined()
    writeFileSync(join(dir, '../manifest.json'), '{"schemaVersion":1,"artifacts":[]}')
    expect(await cache.recallResolution(key)).toBeUndefined()
    const [name] = readdirSync(join(root, 'v1/resolutions'))
    writeFileSync(join(root, 'v1/resolutions', name ?? ''), '{"format":1')
    expect(await cache.recallResolution(key)).toBeUndefined()
  })

  it('is no error when the cache cannot be written', async () => {
    const root = join(temporaryFolder(), 'cache')
    writeFileSync(root, 'a file')
    await expect(cacheAt(root).rememberResolution(key, modelVersion(sampleVersion({ a: 'x' })))).resolves.toBeUndefined()
  })
})

describe('list and prune', () => {
  async function filled(): Promise<{ root: string; digests: string[] }> {
    const root = join(temporaryFolder(), 'cache')
    const digests: string[] = []
    for (const [index, content] of ['old', 'middle', 'new'].entries()) {
      const version = sampleVersion({ 'model.bin': content.repeat(1_000), 'a/b': 'x' })
      await cacheAt(root, (index - 10) * 3_600_000).materialize(version)
      digests.push(version.digest)
    }
    return { root, digests }
  }

  it('lists the one used last first, and remembers uses', async () => {
    const { root, digests } = await filled()
    expect((await cacheAt(root).list()).map(({ digest }) => digest)).toEqual(digests.toReversed())
    expect((await cacheAt(root).list())[0]).toMatchObject({ fileCount: 2, sizeBytes: 3_001 })
    await cacheAt(root).materialize(sampleVersion({ 'model.bin': 'old'.repeat(1_000), 'a/b': 'x' }))
    expect((await cacheAt(root).list())[0]?.digest).toBe(digests[0])
    expect(await cacheAt(join(root, 'nowhere')).list()).toEqual([])
  })

  it('removes the least recently used until the rest fits', async () => {
    const { root, digests } = await filled()
    const report = await cacheAt(root).prune({ maxBytes: 5_000 })
    expect(report.removed.map(({ digest }) => digest)).toEqual([digests[0], digests[1]])
    expect(report).toMatchObject({ freedBytes: 9_002, keptBytes: 3_001 })
    expect(readdirSync(join(root, 'v1/sha256'))).toHaveLength(1)
    expect(readdirSync(join(root, 'v1/tmp'))).toEqual([])
    expect((await cacheAt(root).prune({ maxBytes: 5_000 })).removed).toEqual([])
  })

  it('keeps what was used within the last hour, unless told otherwise', async () => {
    const { root } = await filled()
    await cacheAt(root).materialize(sampleVersion({ 'model.bin': 'new'.repeat(1_000), 'a/b': 'x' }))
    expect((await cacheAt(root).prune({ maxBytes: 0 })).removed).toHaveLength(2)
    expect((await cacheAt(root, 10).prune({ maxBytes: 0, minIdleMs: 0 })).keptBytes).toBe(0)
  })

  it('removes what killed processes left behind, after a day', async () => {
    const { root } = await filled()
    const [stale, fresh] = [join(root, 'v1/tmp/stale'), join(root, 'v1/tmp/fresh')]
    for (const folder of [stale, fresh]) mkdirSync(folder)
    utimesSync(stale, 1, 1)
    await cacheAt(root).prune({ maxBytes: 1_000_000 })
    expect([existsSync(stale), existsSync(fresh)]).toEqual([false, true])
  })

  it('a version that was removed is fetched again', async () => {
    const { root } = await filled()
    rmSync(join(root, 'v1/sha256'), { recursive: true })
    const version = sampleVersion({ 'model.bin': 'new'.repeat(1_000), 'a/b': 'x' })
    expect(await cacheAt(root).materialize(version)).toMatchObject({ source: 'registry', healed: [] })
  })
})

it('creates its folders for this user alone', async () => {
  const root = join(temporaryFolder(), 'cache')
  await openModelCache({ root, fs: nodeStoreFs, sources: systemSources }).materialize(sampleVersion({ a: 'x' }))
  for (const folder of [root, join(root, 'v1'), join(root, 'v1/tmp')]) expect(statSync(folder).mode & 0o077).toBe(0)
})
