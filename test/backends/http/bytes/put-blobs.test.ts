import { randomBytes } from 'node:crypto'
import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ByteSource } from '../../../../src/io/byte-source.js'
import { isStemmaError } from '../../../../src/errors/stemma-error.js'
import type { Progress } from '../../../../src/util/options.js'
import { sha256Hex } from '../../../../src/util/sha256.js'
import { systemSources } from '../../../../src/util/sources.js'
import { readAll, startByteFixture, type ByteFixture, type ByteFixtureOptions } from '../../../support/byte-fixture.js'

const MIB = 1_048_576
const UPLOAD = 'PATCH /v1/uploads/{id}'
const BATCH = 'POST /v1/blobs'
const KEEP = 'POST /v1/blobs/keep'

async function byteFixture(options?: ByteFixtureOptions): Promise<ByteFixture> {
  const fixture = await startByteFixture(options)
  onTestFinished(() => fixture.close())
  return fixture
}

function fileSource(folder: string, name: string, content: Uint8Array, headBytes?: number): ByteSource & { kind: 'file' } {
  const path = join(folder, name)
  writeFileSync(path, content)
  return { kind: 'file', label: name, path, sizeBytes: content.byteLength, headBytes }
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${sha256Hex(bytes)}`
}

const count = (requests: readonly string[], route: string): number => requests.filter((request) => request === route).length

describe('putBlobs over HTTP', () => {
  it('stores files, bytes and streams of all sizes, in their order, and gives first bytes', async () => {
    const { backend, served, folder } = await byteFixture({ chunkBytes: MIB })
    const contents = [0, 1, 4_096, MIB, MIB + 1, 3 * MIB + 7].map((size) => randomBytes(size))
    const sources: ByteSource[] = contents.flatMap((content, index): ByteSource[] => [
      fileSource(folder, `f${index}`, content, 512),
      { kind: 'bytes', label: `b${index}`, bytes: content },
      { kind: 'stream', label: `s${index}`, stream: Readable.from([content.subarray(0, 5), content.subarray(5)]) }
    ])
    const stored = await backend.putBlobs(sources, {})
    expect(stored.map(({ digest, sizeBytes }) => [digest, sizeBytes])).toEqual(contents.flatMap((content) => [0, 1, 2].map(() => [digestOf(content), content.byteLength])))
    for (const [index, content] of contents.entries()) {
      const blob = stored[index * 3]
      if (blob === undefined) throw new Error('not stored')
      expect(Buffer.from(blob.head ?? []).equals(content.subarray(0, 512))).toBe(true)
      expect((await readAll(served.openBlob(blob.digest, {}))).equals(content)).toBe(true)
      expect((await readAll(backend.openBlob(blob.digest, {}))).equals(content)).toBe(true)
    }
  })

  it('sends what is there, and what is there twice, not again', async () => {
    const { backend, folder, requests } = await byteFixture()
    const content = randomBytes(2 * MIB)
    const twice = [fileSource(folder, 'a', content), fileSource(folder, 'b', content), fileSource(folder, 'c', Buffer.from('x')), fileSource(folder, 'd', Buffer.from('x'))]
    expect((await backend.putBlobs(twice, {})).map(({ existed }) => existed)).toEqual([false, false, false, false])
    expect([count(requests, UPLOAD), count(requests, BATCH), count(requests, KEEP)]).toEqual([1, 1, 1])
    expect((await backend.putBlobs(twice, {})).every(({ existed }) => existed)).toBe(true)
    expect([count(requests, UPLOAD), count(requests, BATCH), count(requests, KEEP)]).toEqual([1, 1, 2])
  })

  it('sends again what the registry has with another size, and so mends it', async () => {
    const { backend, served, folder } = await byteFixture({ registry: mkdtempSync(join(tmpdir(), 'stemma-mend-')) })
    const sources = [fileSource(folder, 'large', randomBytes(2 * MIB)), fileSource(folder, 'small', randomBytes(100))]
    for (const { digest } of await backend.putBlobs(sources, {})) {
      const path = served.localBlobPath(digest) ?? ''
      chmodSync(path, 0o644)
      truncateSync(path, 50)
    }
    const stored = await backend.putBlobs(sources, {})
    for (const [index, { digest, sizeBytes }] of stored.entries()) {
      expect(sizeBytes).toBe(sources[index]?.sizeBytes)
      expect(digestOf(await readAll(served.openBlob(digest, {})))).toBe(digest)
    }
    rmSync(served.location, { recursive: true, force: true })
  })

  it('sends many small files in few requests', async () => {
    const { backend, folder, requests } = await byteFixture()
    const sources = Array.from({ length: 2_500 }, (_, index) => fileSource(folder, `f${index}`, Buffer.from(`file ${index}`)))
    const stored = await backend.putBlobs(sources, {})
    expect(stored.map(({ digest }) => digest)).toEqual(sources.map((_, index) => digestOf(Buffer.from(`file ${index}`))))
    // Five hundred at a time are hashed, asked about and sent.
    expect(requests.toSorted()).toEqual([...Array.from({ length: 5 }, () => BATCH), ...Array.from({ length: 5 }, () => KEEP)])
  })

  it('tells progress that ends at all bytes, whether they had to be sent or not', async () => {
    const { backend, folder } = await byteFixture({ chunkBytes: MIB })
    const sources = [fileSource(folder, 'a', randomBytes(3 * MIB)), fileSource(folder, 'b', randomBytes(100))]
    for (const round of ['sent', 'there']) {
      const seen: Progress[] = []
      await backend.putBlobs(sources, { onProgress: (progress) => seen.push(progress) })
      const uploads = seen.filter(({ phase }) => phase === 'upload').map(({ doneBytes }) => doneBytes)
      expect(uploads.at(-1), round).toBe(3 * MIB + 100)
      expect(uploads.toSorted((a, b) => a - b)).toEqual(uploads)
      expect(seen.filter(({ phase }) => phase === 'hash').at(-1)?.doneBytes).toBe(3 * MIB + 100)
    }
  })

  it('tells progress that never goes back, of more files than are sent together', async () => {
    const { backend, folder } = await byteFixture()
    const sources = Array.from({ length: 2_100 }, (_, index) => fileSource(folder, `f${index}`, Buffer.from(`file ${index % 2_050}`.padEnd(20))))
    const seen: Progress[] = []
    const stored = await backend.putBlobs(sources, { onProgress: (progress) => seen.push(progress) })
    expect(stored.map(({ existed }) => existed)).toEqual(sources.map((_, index) => index >= 2_050))
    for (const phase of ['hash', 'upload']) {
      const done = seen.filter((progress) => progress.phase === phase).map(({ doneBytes }) => doneBytes)
      expect(done.toSorted((a, b) => a - b), phase).toEqual(done)
      expect(done.at(-1), phase).toBe(42_000)
    }
  })

  it('tells first bytes instead of keeping them, of what is sent, of what is there, and of more than fit into memory at a time', async () => {
    const { backend, folder } = await byteFixture({ chunkBytes: MIB })
    const contents = [0, 1, 30_000, 40_000, MIB + 1, ...Array.from({ length: 200 }, () => 20_000)].map((size) => randomBytes(size))
    const sources = contents.map((content, index) => fileSource(folder, `f${index}`, content, 512))
    for (const round of ['sent', 'there']) {
      const heads = new Map<number, Buffer>()
      const stored = await backend.putBlobs(sources, { onHead: (index, head) => heads.set(index, Buffer.from(head)) })
      expect(stored.map(({ digest }) => digest), round).toEqual(contents.map(digestOf))
      expect(stored.every((blob) => !('head' in blob))).toBe(true)
      expect(contents.map((content, index) => heads.get(index)?.equals(content.subarray(0, 512)))).toEqual(contents.map(() => true))
    }
  })

  it('does not read files again that nobody touched, unless the registry lacks them', async () => {
    let aheadMs = 60_000
    const sources = { ...systemSources, now: () => systemSources.now() + aheadMs }
    const { backend, served, folder, requests } = await byteFixture({ remembers: true, sources })
    const content = randomBytes(100_000)
    const source = fileSource(folder, 'w.bin', content)
    const hashed = async (): Promise<number> => {
      let bytes = 0
      await backend.putBlobs([source], { onProgress: ({ phase, doneBytes }) => (bytes = phase === 'hash' ? doneBytes : bytes) })
      return bytes
    }
    expect(await hashed()).toBe(100_000)
    expect(await hashed()).toBe(0)
    utimesSync(source.path, 1, 1)
    expect(await hashed()).toBe(100_000)
    expect(await hashed()).toBe(0)

    const grown = Buffer.concat([content, Buffer.from('more')])
    appendFileSync(source.path, 'more')
    // Changed right before: it is hashed, and not remembered.
    aheadMs = 0
    expect(await hashed()).toBeGreaterThan(0)
    expect(await hashed()).toBeGreaterThan(0)
    expect(await served.keepBlobs([`sha256:${sha256Hex(grown)}`], {})).toEqual([true])
    expect(count(requests, KEEP)).toBe(6)
  })

  it('says which source cannot be read, and why', async () => {
    const { backend, folder } = await byteFixture()
    const good = fileSource(folder, 'good', Buffer.from('x'))
    mkdirSync(join(folder, 'dir'))
    symlinkSync(good.path, join(folder, 'link'))
    const put = (name: string): Promise<unknown> => backend.putBlobs([good, { kind: 'file', label: name, path: join(folder, name), sizeBytes: 1 }], {})
    await expect(put('absent')).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE', details: { path: 'absent' } })
    await expect(put('dir')).rejects.toMatchObject({ code: 'SOURCE_UNSUPPORTED', details: { path: 'dir' } })
    await expect(put('link')).rejects.toMatchObject({ code: 'SOURCE_UNSUPPORTED', details: { path: 'link' } })
    if (process.getuid?.() !== 0) {
      chmodSync(good.path, 0)
      await expect(put('good')).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' })
    }
  })

  it('fails with the error of a stream, large or small, and throws away what it sent of it', async () => {
    const { backend, requests } = await byteFixture({ chunkBytes: MIB })
    for (const size of [10, 5 * MIB]) {
      const torn = async function* (): AsyncGenerator<Uint8Array> {
        yield await Promise.resolve(randomBytes(size))
        throw new Error('torn')
      }
      await expect(backend.putBlobs([{ kind: 'stream', label: 's', stream: torn() }], {})).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' })
    }
    expect(count(requests, 'DELETE /v1/uploads/{id}')).toBe(1)
  })

  it('stores what a file holds when it changes between hashing and sending', async () => {
    const { backend, served, folder } = await byteFixture({ chunkBytes: MIB })
    for (const size of [100, 3 * MIB]) {
      const [before, after] = [randomBytes(size), randomBytes(size)]
      const source = fileSource(folder, `f${size}`, before)
      const twin = fileSource(folder, `twin${size}`, before)
      let isChanged = false
      const change = ({ phase }: Progress): void => {
        if (isChanged || phase !== 'hash') return
        isChanged = true
        // After the last look that hashing takes.
        setTimeout(() => {
          writeFileSync(source.path, after)
        })
      }
      const [stored, other] = await backend.putBlobs([source, twin], { onProgress: change })
      expect(isChanged).toBe(true)
      expect([digestOf(before), digestOf(after)]).toContain(stored?.digest)
      expect(other?.digest).toBe(digestOf(before))
      for (const blob of [stored, other]) if (blob !== undefined) expect(digestOf(await readAll(served.openBlob(blob.digest, {})))).toBe(blob.digest)
    }
  })

  it('stops at an abort, and goes on where it stopped when it is called again', async () => {
    const { backend, folder, proxy } = await byteFixture({ chunkBytes: MIB })
    const content = randomBytes(8 * MIB)
    const source = fileSource(folder, 'w.bin', content)
    const stopped = new AbortController()
    const reason = new Error('enough')
    await expect(
      backend.putBlobs([source], {
        signal: stopped.signal,
        onProgress: ({ phase, doneBytes }) => {
          if (phase === 'upload' && doneBytes > 5 * MIB) stopped.abort(reason)
        }
      })
    ).rejects.toBe(reason)
    proxy.arm(undefined)
    const [stored] = await backend.putBlobs([source], {})
    expect(stored?.digest).toBe(digestOf(content))
    expect(proxy.counts.up).toBeLessThan(4 * MIB)
  })

  it('rejects with an error of stemma when the registry is gone', async () => {
    const { backend, proxy } = await byteFixture({ limits: { patience: { retries: 0, totalMs: 1_000 } } })
    await proxy.close()
    await expect(backend.putBlobs([{ kind: 'bytes', label: 'a', bytes: Buffer.from('a') }], {})).rejects.toSatisfy((error) => isStemmaError(error, 'REGISTRY_UNAVAILABLE'))
  })
})
