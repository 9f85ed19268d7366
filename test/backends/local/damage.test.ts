import { describe, expect, it } from 'vitest'
import type { Backend } from '../../../src/backends/backend.js'
import { parseSearch } from '../../../src/record/parse-search.js'
import { toReference } from '../../../src/record/parse-reference.js'
import { sha256Hex } from '../../../src/util/sha256.js'
import { all, failure, logVersion, move, numberOf } from '../conformance/fixtures.js'
import { createStoreFixture, eventFile, type StoreFixture } from './store-fixture.js'

async function storeWith(versions: number): Promise<{ store: StoreFixture; backend: Backend }> {
  const store = createStoreFixture()
  const backend = await store.open()
  for (let count = 0; count < versions; count += 1) await logVersion(backend, 'm', { files: { 'model.bin': `weights ${count}` } })
  return { store, backend }
}

async function flip(store: StoreFixture, file: string, at = 10): Promise<void> {
  const bytes = await store.read(file)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  await store.replace(file, bytes)
}

function fileOf(value: unknown): string {
  const line = JSON.stringify(value)
  return `${line}\nsha256:${sha256Hex(line)}\n`
}

describe('a damaged journal', () => {
  it('is never read past, nor written to', async () => {
    const { store } = await storeWith(4)
    await flip(store, eventFile('m', 1))
    const backend = await store.open()
    const error = await failure(backend.resolve(toReference('m#1'), {}), 'LOG_CORRUPT')
    expect(error.details).toMatchObject({ model: 'm', n: 1, path: eventFile('m', 1) })
    await failure(logVersion(backend, 'm'), 'LOG_CORRUPT')
    await failure(all(backend.search(parseSearch({}), {})), 'LOG_CORRUPT')
    await failure(backend.collectGarbage({ dryRun: false, graceMs: 0 }, {}), 'LOG_CORRUPT')
  })

  it('leaves other models alone', async () => {
    const { store, backend } = await storeWith(2)
    await logVersion(backend, 'other')
    await flip(store, eventFile('m', 1))
    const fresh = await store.open()
    expect(await numberOf(fresh, 'other')).toBe('1.0.0')
    expect((await logVersion(fresh, 'other')).version).toBe('1.0.1')
  })

  it('with a gap is LOG_GAP', async () => {
    const { store } = await storeWith(4)
    await store.replace(eventFile('m', 2), undefined)
    await failure((await store.open()).resolve(toReference('m'), {}), 'LOG_GAP')
  })

  it('with a wide gap is LOG_GAP for writers, who list the folder first', async () => {
    const { store } = await storeWith(6)
    for (const n of [2, 3, 4]) await store.replace(eventFile('m', n), undefined)
    await failure(logVersion(await store.open(), 'm'), 'LOG_GAP')
  })

  it('that was cut back or exchanged is ROLLBACK_DETECTED for who has read it', async () => {
    for (const removed of [[3], [2, 3]]) {
      const { store, backend } = await storeWith(4)
      for (const n of removed) await store.replace(eventFile('m', n), undefined)
      await failure(backend.resolve(toReference('m'), {}), 'ROLLBACK_DETECTED')
      await failure(logVersion(backend, 'm'), 'ROLLBACK_DETECTED')
      await failure(all(backend.models({})), 'ROLLBACK_DETECTED')
      expect((await backend.verify({}, {})).problems.map((problem) => problem.code)).toContain('ROLLBACK_DETECTED')
    }
  })

  it('that another history was put in place of is ROLLBACK_DETECTED', async () => {
    const { store, backend } = await storeWith(2)
    const { store: other } = await storeWith(0)
    const otherBackend = await other.open()
    for (let count = 0; count < 3; count += 1) await logVersion(otherBackend, 'm', { tags: { other: 'yes' } })
    for (const n of [0, 1, 2]) await store.replace(eventFile('m', n), await other.read(eventFile('m', n)))
    await failure(backend.resolve(toReference('m'), {}), 'ROLLBACK_DETECTED')
  })

  it('with an event of a newer stemma is not read, unless that may be passed over; never written', async () => {
    const { store, backend } = await storeWith(1)
    const prev = sha256Hex(await store.read(eventFile('m', 0)))
    const newer = { v: 1, n: 1, prev, commitId: 'c', ts: store.sources.now() + 10, type: 'version.blessed' }
    await store.replace(eventFile('m', 1), fileOf(newer))
    await failure(backend.resolve(toReference('m'), {}), 'FORMAT_TOO_NEW')
    await store.replace(eventFile('m', 1), fileOf({ ...newer, ignorable: true }))
    expect(await numberOf(backend, 'm')).toBe('1.0.0')
    expect(await all(backend.history({ name: 'm' }, {}))).toHaveLength(1)
    await failure(move(backend, 'm', 'staging'), 'FORMAT_TOO_NEW')
  })
})

describe('a snapshot', () => {
  const SNAPSHOT = 'models/m/snapshot.json'

  it('is written after enough commits, and saves reading them', async () => {
    const { store, backend } = await storeWith(20)
    await backend.close()
    expect((await store.read(SNAPSHOT)).byteLength).toBeGreaterThan(0)
    let reads = 0
    store.plan((operation) => {
      if (operation === 'read') reads += 1
      return undefined
    })
    expect(await numberOf(await store.open(), 'm')).toBe('1.0.19')
    expect(reads).toBeLessThan(10)
  })

  it('is ignored when it is damaged, cut off, foreign or of another history', async () => {
    const { store, backend } = await storeWith(20)
    await backend.close()
    const good = await store.read(SNAPSHOT)
    const { store: other, backend: otherBackend } = await storeWith(0)
    for (let count = 0; count < 20; count += 1) await logVersion(otherBackend, 'm', { version: `9.0.${count}` })
    await otherBackend.close()
    const flipped = Buffer.from(good)
    flipped[200] = (flipped[200] ?? 0) ^ 1
    for (const bytes of [flipped, good.subarray(0, 100), Buffer.alloc(0), '{}', await other.read(SNAPSHOT)]) {
      await store.replace(SNAPSHOT, bytes)
      expect(await numberOf(await store.open(), 'm')).toBe('1.0.19')
    }
  })

  it('that is damaged is named by verify', async () => {
    const { store, backend } = await storeWith(20)
    await backend.close()
    expect((await (await store.open()).verify({}, {})).problems).toEqual([])
    await flip(store, SNAPSHOT, 200)
    const { problems } = await (await store.open()).verify({}, {})
    expect(problems).toMatchObject([{ kind: 'snapshot', file: SNAPSHOT, model: 'm' }])
  })

  it('is not blamed for a damaged event', async () => {
    const { store, backend } = await storeWith(20)
    await backend.close()
    await flip(store, eventFile('m', 3))
    const { problems } = await (await store.open()).verify({}, {})
    expect(problems.map(({ file }) => file)).toEqual([eventFile('m', 3)])
  })
})

describe('verify', () => {
  it('names every damaged event, and goes on', async () => {
    const { store, backend } = await storeWith(5)
    await logVersion(backend, 'other')
    await flip(store, eventFile('m', 1))
    await store.replace(eventFile('m', 3), undefined)
    const { ok, problems, versions } = await (await store.open()).verify({}, {})
    expect(ok).toBe(false)
    expect(problems.map(({ kind, code, n }) => [kind, code, n])).toEqual([
      ['event', 'LOG_CORRUPT', 1],
      ['event', 'LOG_GAP', 3]
    ])
    expect(versions).toBe(4)
  })

  it('names an event that was exchanged for a whole one', async () => {
    const { store } = await storeWith(3)
    const [line = ''] = (await store.read(eventFile('m', 1))).toString('utf8').split('\n')
    const changed = line.replace('weights', 'w3ights').replace('"actor"', '"Actor"').replace('"ts":', '"later":1,"ts":')
    await store.replace(eventFile('m', 1), `${changed}\nsha256:${sha256Hex(changed)}\n`)
    const { problems } = await (await store.open()).verify({}, {})
    expect(problems.map(({ kind, n }) => [kind, n])).toEqual([['event', 2]])
  })

  it('names damaged and missing blobs with what needs them', async () => {
    const { store, backend } = await storeWith(2)
    const [second, first] = await all(backend.versions('m', { includeDeleted: true }))
    const damaged = `blobs/sha256/${first?.artifacts[0]?.digest.slice(7) ?? ''}`
    const missing = `blobs/sha256/${second?.artifacts[0]?.digest.slice(7) ?? ''}`
    await flip(store, damaged, 2)
    await store.replace(missing, undefined)
    const { problems } = await backend.verify({}, {})
    expect(problems).toMatchObject([
      { kind: 'blob', code: 'DIGEST_MISMATCH', file: damaged, affects: ['m@1.0.0:model.bin'] },
      { kind: 'blob', code: 'BLOB_MISSING', file: missing, affects: ['m@1.0.1:model.bin'] }
    ])
  })

  it('names damaged manifests and foreign files', async () => {
    const { store, backend } = await storeWith(1)
    const [version] = await all(backend.versions('m', { includeDeleted: true }))
    await flip(store, `blobs/sha256/${version?.digest.slice(7) ?? ''}`)
    await store.replace('blobs/sha256/notes.txt', 'x')
    await store.replace('models/m/log/notes.txt', 'x')
    const { problems } = await (await store.open()).verify({}, {})
    expect(problems.map(({ kind, file }) => [kind, file])).toEqual([
      ['foreign', 'models/m/log/notes.txt'],
      ['manifest', `blobs/sha256/${version?.digest.slice(7) ?? ''}`],
      ['foreign', 'blobs/sha256/notes.txt']
    ])
  })

  it('leaves a version with a damaged manifest as it is, but lets it be deleted', async () => {
    const { store, backend } = await storeWith(1)
    const { digest } = await backend.resolve(toReference('m'), {})
    await flip(store, `blobs/sha256/${digest.slice(7)}`)
    const fresh = await store.open()
    await failure(move(fresh, 'm', 'staging'), 'DIGEST_MISMATCH')
    expect(await all(fresh.history({ name: 'm' }, {}))).toHaveLength(1)
    const deleted = await fresh.deleteVersion({ reference: toReference('m#1'), reason: 'damaged' }, {})
    expect(deleted).toMatchObject({ deleted: { reason: 'damaged' }, artifacts: [], artifactCount: 1 })
    expect(await numberOf(fresh, 'm@1.0.0')).toBe('VERSION_DELETED')
  })

  it('keeps a rollback from a damaged target', async () => {
    const { store, backend } = await storeWith(2)
    await move(backend, 'm#1', 'production')
    await move(backend, 'm#2', 'production')
    const target = await backend.resolve(toReference('m#1'), {})
    const blob = `blobs/sha256/${target.artifacts[0]?.digest.slice(7) ?? ''}`
    await flip(store, blob, 2)
    const error = await failure(backend.rollback({ name: 'm', audience: 'default' }, {}), 'DIGEST_MISMATCH')
    expect(error.message).toContain('model.bin')
    await store.replace(blob, undefined)
    await failure(backend.rollback({ name: 'm', audience: 'default' }, {}), 'BLOB_MISSING')
    expect(await numberOf(backend, 'm@production')).toBe('1.0.1')
  })
})
