import { describe, expect, it } from 'vitest'
import { toReference } from '../../../src/record/parse-reference.js'
import { failure, all, logVersion, prepareVersion, readText, textSource } from '../conformance/fixtures.js'
import { createStoreFixture } from '../local/store-fixture.js'

const HOUR_MS = 3_600_000
const collect = { dryRun: false, graceMs: HOUR_MS }

async function storeWithOrphan() {
  const store = createStoreFixture()
  const backend = await store.open()
  const [orphan] = await backend.putBlobs([textSource('orphan', 'nobody needs me')], {})
  if (!orphan) throw new Error('nothing was stored')
  return { store, backend, orphan }
}

describe('garbage collection', () => {
  it('takes two stages an hour apart', async () => {
    const { store, backend, orphan } = await storeWithOrphan()
    expect((await backend.collectGarbage(collect, {})).trashed).toEqual([])
    store.sources.advance(2 * HOUR_MS)
    expect(await backend.collectGarbage(collect, {})).toMatchObject({ trashed: [{ digest: orphan.digest }], removed: [], reclaimedBytes: 0 })
    store.sources.advance(HOUR_MS / 2)
    expect((await backend.collectGarbage(collect, {})).removed).toEqual([])
    store.sources.advance(HOUR_MS)
    expect(await backend.collectGarbage({ ...collect, dryRun: true }, {})).toMatchObject({ removed: [{ digest: orphan.digest }] })
    expect(await store.list('trash')).toHaveLength(1)
    expect(await backend.collectGarbage(collect, {})).toMatchObject({ removed: [{ digest: orphan.digest }], reclaimedBytes: 15 })
    expect(await store.list('trash')).toEqual([])
  })

  it('gives back what a version needs again', async () => {
    const { store, backend } = await storeWithOrphan()
    const request = await prepareVersion(backend, 'm', { files: { 'model.bin': 'nobody needs me' } })
    store.sources.advance(2 * HOUR_MS)
    const other = await store.open()
    // Between the look at the blobs and the commit they are all taken away.
    let isCollected = false
    const blobs = request.manifest.artifacts.map((artifact) => artifact.digest)
    store.plan((operation) => {
      if (operation === 'link') isCollected = true
      return undefined
    })
    const logging = backend.createVersion(request, {})
    await logging
    store.plan(undefined)
    expect(isCollected).toBe(true)
    const report = await other.collectGarbage(collect, {})
    expect(report.trashed).toEqual([])
    for (const digest of blobs) expect(await readText(other, digest)).toBe('nobody needs me')
  })

  it('takes blobs back from the trash for a commit that came meanwhile', async () => {
    const { store, backend, orphan } = await storeWithOrphan()
    const request = await prepareVersion(backend, 'm', { files: { 'model.bin': 'nobody needs me' } })
    store.sources.advance(2 * HOUR_MS)
    const collector = await store.open()
    // The writer has looked at its blobs, and is about to publish: now all of them go to the trash.
    let collecting: Promise<unknown> | undefined
    store.plan((operation) => {
      if (operation === 'link' && !collecting) collecting = collector.collectGarbage(collect, {})
      return undefined
    })
    const logged = await backend.createVersion(request, {})
    await collecting
    store.plan(undefined)
    await collector.collectGarbage(collect, {})
    expect(logged.artifacts[0]?.digest).toBe(orphan.digest)
    expect(await readText(backend, orphan.digest)).toBe('nobody needs me')
    expect((await (await store.open()).verify({}, {})).problems).toEqual([])
  })

  it('keeps what was stored again lately', async () => {
    const { store, backend, orphan } = await storeWithOrphan()
    store.sources.advance(2 * HOUR_MS)
    await backend.putBlobs([textSource('again', 'nobody needs me')], {})
    expect((await backend.collectGarbage(collect, {})).trashed).toEqual([])
    expect(await readText(backend, orphan.digest)).toBe('nobody needs me')
  })

  it('refuses to run when a manifest cannot be read', async () => {
    const { store, backend } = await storeWithOrphan()
    const { digest } = await logVersion(backend, 'm')
    store.sources.advance(2 * HOUR_MS)
    await store.replace(`blobs/sha256/${digest.slice(7)}`, undefined)
    await failure((await store.open()).collectGarbage(collect, {}), 'BLOB_MISSING')
  })

  it('keeps the tombstone of a version before the bytes go', async () => {
    const { store, backend } = await storeWithOrphan()
    const { artifacts } = await logVersion(backend, 'm')
    await backend.deleteVersion({ reference: toReference('m#1'), reason: 'x' }, {})
    store.sources.advance(2 * HOUR_MS)
    const collector = await store.open()
    store.plan((operation) => (operation === 'fsync' ? { kind: 'error', code: 'EIO', acts: false } : undefined))
    await failure(collector.collectGarbage(collect, {}), 'IO')
    store.plan(undefined)
    expect(await readText(backend, artifacts[0]?.digest ?? 'sha256:')).toBe('weights of m')
    await collector.collectGarbage(collect, {})
    await failure(all(backend.openBlob(artifacts[0]?.digest ?? 'sha256:', {})), 'BLOB_MISSING')
  })

  it('names and removes what dead writers left, a day later', async () => {
    const { store, backend } = await storeWithOrphan()
    await store.replace('tmp/0123abcd-99-left', 'half a blob')
    expect((await backend.collectGarbage(collect, {})).temporaryFiles).toEqual([])
    store.sources.advance(25 * HOUR_MS)
    expect((await backend.collectGarbage({ ...collect, dryRun: true }, {})).temporaryFiles).toEqual(['tmp/0123abcd-99-left'])
    expect((await backend.collectGarbage(collect, {})).temporaryFiles).toEqual(['tmp/0123abcd-99-left'])
    expect(await store.list('tmp')).toEqual([])
  })
})
