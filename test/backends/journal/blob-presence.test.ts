import { describe, expect, it } from 'vitest'
import { openLocalBackend } from '../../../src/backends/local/open-local.js'
import type { StoreFs } from '../../../src/io/store-fs.js'
import { fixedSources } from '../../support/fixed-sources.js'
import { failure, prepareVersion, readText } from '../conformance/fixtures.js'
import { createFaultDisk } from '../fault-fs.js'

const MINUTE_MS = 60_000

/** A store in which something happens to a blob just before the event that needs it is published. */
async function storeWith(count: number, happens: (fs: StoreFs, blob: string) => Promise<void>) {
  const sources = fixedSources()
  const { fs } = createFaultDisk().mount({ now: () => sources.now() })
  let blob = ''
  const link = async (from: string, to: string): Promise<void> => {
    if (to.includes('/log/')) await happens(fs, blob)
    await fs.link(from, to)
  }
  const backend = await openLocalBackend({ root: '/store', fs: { ...fs, link }, sources })
  const files = Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, `content ${index}`]))
  const request = await prepareVersion(backend, 'm', { files })
  const digest = request.manifest.artifacts[1]?.digest ?? `sha256:${'0'.repeat(64)}`
  blob = digest.slice('sha256:'.length)
  return { backend, request, digest, sources, fs }
}

describe.each([3, 40])('of %d blobs that an event needs', (count) => {
  it('one that collection takes meanwhile is taken back', async () => {
    const discard = async (fs: StoreFs, blob: string): Promise<void> => fs.rename(`/store/blobs/sha256/${blob}`, `/store/trash/1000.${blob}`)
    const { backend, request, digest, fs } = await storeWith(count, discard)
    expect((await backend.createVersion(request, {})).version).toBe('1.0.0')
    expect(await readText(backend, digest)).toBe('content 1')
    expect(await fs.list('/store/trash')).toEqual([])
  })

  it('one that is gone for good after a long pause is reported', async () => {
    const { backend, request, digest, sources } = await storeWith(count, async (fs, blob) => {
      sources.advance(2 * MINUTE_MS)
      await fs.unlink(`/store/blobs/sha256/${blob}`)
    })
    const error = await failure(backend.createVersion(request, {}), 'BLOB_MISSING')
    expect(error.details).toMatchObject({ digest, committed: true })
  })

  it('one that is missing before leads to nothing', async () => {
    const { backend, request, digest, fs } = await storeWith(count, () => Promise.reject(new Error('was published')))
    await fs.unlink(`/store/blobs/sha256/${digest.slice('sha256:'.length)}`)
    const error = await failure(backend.createVersion(request, {}), 'BLOB_MISSING')
    expect(error.details).toEqual({ digest })
  })

  it('one that is only in the trash when the call is repeated is taken back', async () => {
    const { backend, request, digest, fs } = await storeWith(count, () => Promise.resolve())
    const first = await backend.createVersion(request, { operationId: 'same' })
    const hex = digest.slice('sha256:'.length)
    await fs.rename(`/store/blobs/sha256/${hex}`, `/store/trash/1000.${hex}`)
    expect(await backend.createVersion(request, { operationId: 'same' })).toEqual(first)
    expect(await readText(backend, digest)).toBe('content 1')
  })
})
