import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeBlobFolders } from '../../../src/backends/local/blob-folders.js'
import { createLocalBlobStore } from '../../../src/backends/local/blob-store.js'
import type { BlobStore } from '../../../src/backends/journal/blob-store.js'
import type { ByteSource } from '../../../src/io/byte-source.js'
import { nodeStoreFs } from '../../../src/io/node-store-fs.js'
import type { StoreFs } from '../../../src/io/store-fs.js'
import type { Digest } from '../../../src/schemas/digest.js'
import { systemSources } from '../../../src/util/sources.js'

let root: string
let store: BlobStore
const at = (...names: string[]): string => join(root, ...names)
const hexOf = (content: string): string => createHash('sha256').update(content).digest('hex')
const digestOf = (content: string): Digest => `sha256:${hexOf(content)}`
const blobPath = (content: string): string => at('blobs', 'sha256', hexOf(content))
const bytes = (content: string, label = 'a'): ByteSource => ({ kind: 'bytes', label, bytes: new TextEncoder().encode(content) })
const OLD = 1_000_000_000_000
const CUTOFF = OLD + 1_000_000

function open(patch: Partial<StoreFs> = {}, durable = true): BlobStore {
  return createLocalBlobStore({ root, fs: { ...nodeStoreFs, ...patch }, sources: systemSources, durable, writerTag: `host1-${process.pid}` })
}

async function putOld(content: string): Promise<Digest> {
  await store.put([bytes(content)], {})
  utimesSync(blobPath(content), OLD / 1000, OLD / 1000)
  return digestOf(content)
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code, syscall: 'test', errno: -1 })
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'stemma-blobs-'))
  await makeBlobFolders(root, nodeStoreFs, false)
  store = open()
})
afterEach(async () => {
  await rm(root, { recursive: true, force: true })
})

describe('put', () => {
  it.each([true, false])('stores each kind of source under its digest, read-only, and leaves nothing else (durable: %s)', async (durable) => {
    store = open({}, durable)
    writeFileSync(at('source'), 'from a file')
    const sources: ByteSource[] = [
      { kind: 'file', label: 'f', path: at('source'), sizeBytes: 11 },
      bytes('from memory'),
      { kind: 'stream', label: 's', stream: Readable.from(['from ', 'a stream']) },
      bytes('')
    ]
    const contents = ['from a file', 'from memory', 'from a stream', '']
    expect(await store.put(sources, {})).toEqual(
      contents.map((content) => ({ digest: digestOf(content), sizeBytes: content.length, existed: false }))
    )
    for (const content of contents) {
      expect(readFileSync(blobPath(content), 'utf8')).toBe(content)
      expect(statSync(blobPath(content)).mode & 0o777).toBe(0o444)
      expect(statSync(blobPath(content)).nlink).toBe(1)
    }
    expect(readdirSync(at('blobs', 'sha256'))).toHaveLength(4)
    expect(readdirSync(at('tmp'))).toEqual([])
    expect(await store.put([], {})).toEqual([])
  })

  it('closes tmp, trash and uploads to other users', () => {
    expect(statSync(at('uploads')).mode & 0o777).toBe(0o700)
    expect(statSync(at('tmp')).mode & 0o777).toBe(0o700)
    expect(statSync(at('trash')).mode & 0o777).toBe(0o700)
  })

  it('tells the same bytes twice in one call from bytes that were there before', async () => {
    const twice = await store.put([bytes('x', 'a'), bytes('x', 'b')], {})
    expect(twice.map(({ existed }) => existed)).toEqual([false, false])
    expect((await store.put([bytes('x')], {})).map(({ existed }) => existed)).toEqual([true])
    expect(readdirSync(at('tmp'))).toEqual([])
  })

  it('keeps bytes that were there before from garbage collection, and leaves the file alone', async () => {
    const digest = await putOld('x')
    const { ino } = statSync(blobPath('x'))
    const start = systemSources.now()
    await store.put([bytes('x')], {})
    expect(statSync(blobPath('x')).ino).toBe(ino)
    expect((await store.stat(digest))?.touchedAtMs).toBeGreaterThanOrEqual(start - 1)
  })

  it.each(['', 'xy', 'long enough to differ'])('heals a blob that is damaged: %j', async (damage) => {
    await store.put([bytes('good')], {})
    chmodSync(blobPath('good'), 0o644)
    writeFileSync(blobPath('good'), damage)
    await store.put([bytes('good')], {})
    expect(readFileSync(blobPath('good'), 'utf8')).toBe('good')
    const [aside = ''] = readdirSync(at('trash'))
    expect(aside).toMatch(new RegExp(`^\\d+\\.${hexOf('good')}\\.damaged$`))
    expect(readFileSync(at('trash', aside), 'utf8')).toBe(damage)
    expect(await store.trash.list({})).toEqual([])
    await store.trash.restore(digestOf('good'))
    expect(readFileSync(blobPath('good'), 'utf8')).toBe('good')
  })

  it('succeeds when another writer links the same blob first', async () => {
    const fs = { link: async (from: string, to: string) => { await nodeStoreFs.link(from, to); await nodeStoreFs.link(from, to) } }
    expect(await open(fs).put([bytes('x')], {})).toEqual([{ digest: digestOf('x'), sizeBytes: 1, existed: true }])
    expect(readdirSync(at('tmp'))).toEqual([])
  })

  it.each(['before', 'after'])('stores the blob when collection takes it away just %s it is touched', async (moment) => {
    await putOld('x')
    let taken = false
    const take = (): void => {
      if (!taken) unlinkSync(blobPath('x'))
      taken = true
    }
    const touch = async (path: string, timeMs: number): Promise<void> => {
      if (moment === 'before') take()
      await nodeStoreFs.touch(path, timeMs)
      if (moment === 'after') take()
    }
    await open({ touch }).put([bytes('x')], {})
    expect(readFileSync(blobPath('x'), 'utf8')).toBe('x')
  })

  it('takes the place of a blob that belongs to another user', async () => {
    await putOld('x')
    const { ino } = statSync(blobPath('x'))
    await open({ touch: () => Promise.reject(systemError('EPERM')) }).put([bytes('x')], {})
    expect(statSync(blobPath('x')).ino).not.toBe(ino)
    expect(readdirSync(at('tmp'))).toEqual([])
  })

  it('renames where there are no hard links', async () => {
    await open({ link: () => Promise.reject(systemError('ENOTSUP')) }).put([bytes('x')], {})
    expect(readFileSync(blobPath('x'), 'utf8')).toBe('x')
    expect(readdirSync(at('tmp'))).toEqual([])
  })

  it('syncs contents before it gives names, and the folder after that, once for all', async () => {
    const calls: string[] = []
    const note = (name: string, path = ''): void => void calls.push(path === '' ? name : `${name} ${path.slice(root.length + 1)}`)
    const fs: Partial<StoreFs> = {
      ingest: (items, options) => (note(`ingest sync=${options.sync} mode=${options.mode.toString(8)}`), nodeStoreFs.ingest(items, options)),
      link: (from, to) => (note('link'), nodeStoreFs.link(from, to)),
      syncFiles: (paths) => (note('syncFiles', paths.join()), nodeStoreFs.syncFiles(paths)),
      syncFolder: (path) => (note('syncFolder', path), nodeStoreFs.syncFolder(path))
    }
    await store.put([bytes('old')], {})
    await open(fs).put([bytes('a'), bytes('b'), bytes('old')], {})
    expect(calls).toEqual(['ingest sync=true mode=444', 'link', 'link', 'link', `syncFiles blobs/sha256/${hexOf('old')}`, 'syncFolder blobs/sha256'])
    calls.length = 0
    await open(fs, false).put([bytes('c'), bytes('old')], {})
    expect(calls).toEqual(['ingest sync=false mode=444', 'link', 'link'])
  })

  it.each([
    ['ENOSPC', 'NO_SPACE'],
    ['EROFS', 'READ_ONLY'],
    ['EACCES', 'ACCESS_DENIED'],
    ['EIO', 'IO']
  ])('reports %s as %s and leaves nothing behind', async (systemCode, code) => {
    const failing: Partial<StoreFs>[] = [
      { ingest: () => Promise.reject(systemError(systemCode)) },
      { link: () => Promise.reject(systemError(systemCode)) },
      { syncFolder: () => Promise.reject(systemError(systemCode)) }
    ]
    for (const fs of failing) {
      await expect(open(fs).put([bytes('x', 'model.bin'), bytes('y')], {})).rejects.toMatchObject({ code, details: { systemCode } })
      expect(readdirSync(at('tmp'))).toEqual([])
    }
  })

  it('leaves nothing when it is aborted or a source fails', async () => {
    const reason = new Error('enough')
    await expect(store.put([bytes('x')], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const absent: ByteSource = { kind: 'file', label: 'gone', path: at('gone'), sizeBytes: 1 }
    await expect(store.put([bytes('x'), absent], {})).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' })
    expect(readdirSync(at('tmp'))).toEqual([])
    expect(readdirSync(at('blobs', 'sha256'))).toEqual([])
  })

  it('survives many writers of the same bytes at once', async () => {
    const results = await Promise.all(
      Array.from({ length: 20 }, () => open().put(Array.from({ length: 10 }, (_, index) => bytes(`content ${index % 5}`)), {}))
    )
    expect(results.flat()).toHaveLength(200)
    expect(readdirSync(at('blobs', 'sha256'))).toHaveLength(5)
    expect(readdirSync(at('tmp'))).toEqual([])
  })
})

describe('a file that is given away', () => {
  const give = (content: string, name = 'part'): Extract<ByteSource, { kind: 'owned-file' }> => {
    writeFileSync(at('uploads', name), content, { mode: 0o444 })
    utimesSync(at('uploads', name), OLD / 1000, OLD / 1000)
    return { kind: 'owned-file', label: name, path: at('uploads', name), sizeBytes: Buffer.byteLength(content), digest: digestOf(content) }
  }

  it.each([true, false])('becomes the blob itself, as new as one that was copied (durable: %s)', async (durable) => {
    const source = give('x')
    const { ino } = statSync(source.path)
    const start = systemSources.now()
    expect(await open({}, durable).put([source], {})).toEqual([{ digest: digestOf('x'), sizeBytes: 1, existed: false }])
    expect(statSync(blobPath('x'))).toMatchObject({ ino, nlink: 1 })
    expect((await store.stat(digestOf('x')))?.touchedAtMs).toBeGreaterThanOrEqual(start - 1)
    expect(readdirSync(at('uploads'))).toEqual([])
  })

  it('is flushed before it gets its name, whose folder is flushed before the other name goes', async () => {
    const calls: string[] = []
    const note = (name: string, path: string): void => void calls.push(`${name} ${path.slice(root.length + 1)}`)
    const fs: Partial<StoreFs> = {
      ingest: () => Promise.reject(new Error('nothing is copied')),
      touch: (path, timeMs) => (note('touch', path), nodeStoreFs.touch(path, timeMs)),
      link: (from, to) => (note('link', to), nodeStoreFs.link(from, to)),
      unlink: (path) => (note('unlink', path), nodeStoreFs.unlink(path)),
      syncFiles: (paths) => (note('syncFiles', paths.join()), nodeStoreFs.syncFiles(paths)),
      syncFolder: (path) => (note('syncFolder', path), nodeStoreFs.syncFolder(path))
    }
    await open(fs).put([give('x')], {})
    const steps = ['touch uploads/part', 'syncFiles uploads/part', `link blobs/sha256/${hexOf('x')}`, 'syncFolder blobs/sha256', 'unlink uploads/part']
    expect(calls).toEqual(steps)
    calls.length = 0
    await open(fs, false).put([give('y')], {})
    expect(calls).toEqual(['touch uploads/part', `link blobs/sha256/${hexOf('y')}`, 'unlink uploads/part'])
  })

  it('is copied, and its digest looked at, where its folder is on another disk', async () => {
    const link = (from: string, to: string): Promise<void> =>
      from.includes('uploads') ? Promise.reject(systemError('EXDEV')) : nodeStoreFs.link(from, to)
    expect(await open({ link }).put([give('x')], {})).toEqual([{ digest: digestOf('x'), sizeBytes: 1, existed: false }])
    expect(readFileSync(blobPath('x'), 'utf8')).toBe('x')
    expect([...readdirSync(at('uploads')), ...readdirSync(at('tmp'))]).toEqual([])
    await expect(open({ link }).put([{ ...give('y'), digest: digestOf('z') }], {})).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
    expect([...readdirSync(at('uploads')), ...readdirSync(at('tmp'))]).toEqual(['part'])
    expect(existsSync(blobPath('z'))).toBe(false)
  })

  it.each<[string, Partial<StoreFs>]>([
    ['it cannot be flushed', { syncFiles: () => Promise.reject(systemError('EIO')) }],
    ['its name cannot be given', { link: () => Promise.reject(systemError('ENOSPC')) }],
    ['its name cannot be flushed', { syncFolder: () => Promise.reject(systemError('EIO')) }]
  ])('is still there, whole, when %s; and can be given again', async (_, fs) => {
    const source = give('x')
    await expect(open(fs).put([source], {})).rejects.toMatchObject({ name: 'StemmaError' })
    expect(readFileSync(source.path, 'utf8')).toBe('x')
    expect(await store.put([source], {})).toMatchObject([{ digest: digestOf('x') }])
    expect(readFileSync(blobPath('x'), 'utf8')).toBe('x')
    expect(readdirSync(at('uploads'))).toEqual([])
  })

  it('is stored, though its own name stays, when that cannot be removed', async () => {
    const source = give('x')
    await open({ unlink: () => Promise.reject(systemError('EACCES')) }).put([source], {})
    expect(readFileSync(blobPath('x'), 'utf8')).toBe('x')
  })

  it('must be a regular file: a link in its place is refused, and nothing of the call is stored', async () => {
    writeFileSync(at('secret'), 'x')
    symlinkSync(at('secret'), at('uploads', 'link'))
    const link: ByteSource = { kind: 'owned-file', label: 'link', path: at('uploads', 'link'), sizeBytes: 1, digest: digestOf('x') }
    await expect(store.put([bytes('other'), link], {})).rejects.toMatchObject({ code: 'SOURCE_UNSUPPORTED' })
    expect(readdirSync(at('blobs', 'sha256'))).toEqual([])
    expect(readFileSync(at('secret'), 'utf8')).toBe('x')
  })

  it('is stored once when the same bytes come in other ways, too', async () => {
    const stored = await store.put([give('x', 'one'), bytes('x'), give('x', 'two')], {})
    expect(stored.map(({ existed }) => existed)).toEqual([false, false, false])
    expect(readdirSync(at('blobs', 'sha256'))).toHaveLength(1)
    expect(readdirSync(at('uploads'))).toEqual([])
  })

  it('takes the place of a damaged blob', async () => {
    await store.put([bytes('good')], {})
    chmodSync(blobPath('good'), 0o644)
    writeFileSync(blobPath('good'), 'bad')
    await store.put([give('good')], {})
    expect(readFileSync(blobPath('good'), 'utf8')).toBe('good')
  })
})

describe('keep', () => {
  it('makes a blob new, so that collection leaves it', async () => {
    const digest = await putOld('x')
    expect(await store.keep([digestOf('absent'), digest], {})).toEqual([false, true])
    expect(await store.trash.discard(digest, CUTOFF)).toBe(false)
  })

  it('makes durable what another writer may not have', async () => {
    const digest = await putOld('x')
    const calls: string[] = []
    const fs: Partial<StoreFs> = {
      syncFiles: (paths) => (calls.push(...paths), nodeStoreFs.syncFiles(paths)),
      syncFolder: (path) => (calls.push(path), nodeStoreFs.syncFolder(path))
    }
    await open(fs).keep([digest, digestOf('absent')], {})
    expect(calls).toEqual([blobPath('x'), at('blobs', 'sha256')])
    calls.length = 0
    await open(fs, false).keep([digest], {})
    await open(fs).keep([digestOf('absent')], {})
    expect(calls).toEqual([])
  })

  it.each(['EPERM', 'EACCES', 'EROFS'])('counts a blob as there that it cannot touch (%s)', async (code) => {
    const digest = await putOld('x')
    expect(await open({ touch: () => Promise.reject(systemError(code)) }).keep([digest], {})).toEqual([true])
  })

  it('counts as absent what collection took away just after it was touched, and what is no file', async () => {
    const digest = await putOld('x')
    const touch = async (path: string, timeMs: number): Promise<void> => {
      await nodeStoreFs.touch(path, timeMs)
      unlinkSync(path)
    }
    expect(await open({ touch }).keep([digest], {})).toEqual([false])
    mkdirSync(blobPath('folder'))
    expect(await store.keep([digestOf('folder')], {})).toEqual([false])
  })

  it('reports what the disk reports', async () => {
    await expect(open({ touch: () => Promise.reject(systemError('EIO')) }).keep([digestOf('x')], {})).rejects.toMatchObject({ code: 'IO' })
  })
})

describe('reading', () => {
  it('gives bytes, from a place on, and all at once', async () => {
    const [{ digest } = { digest: digestOf('') }] = await store.put([bytes('0123456789')], {})
    const chunks: Uint8Array[] = []
    for await (const chunk of store.open(digest, { start: 4 })) chunks.push(chunk)
    expect(Buffer.concat(chunks).toString()).toBe('456789')
    expect(Buffer.from(await store.read(digest, 10, {})).toString()).toBe('0123456789')
    expect(await store.stat(digest)).toMatchObject({ digest, sizeBytes: 10 })
    expect(store.localPath(digest)).toBe(blobPath('0123456789'))
    expect(store.fileName(digest)).toBe(`blobs/sha256/${hexOf('0123456789')}`)
  })

  it('reports what is missing, too large or damaged', async () => {
    const absent = digestOf('absent')
    expect(await store.stat(absent)).toBeUndefined()
    await expect(store.open(absent, {})[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'BLOB_MISSING', details: { digest: absent } })
    await expect(store.read(absent, 10, {})).rejects.toMatchObject({ code: 'BLOB_MISSING' })
    await store.put([bytes('0123456789')], {})
    await expect(store.read(digestOf('0123456789'), 9, {})).rejects.toMatchObject({ code: 'TOO_LARGE', details: { maxBytes: 9 } })
    chmodSync(blobPath('0123456789'), 0o644)
    writeFileSync(blobPath('0123456789'), '0123456780')
    await expect(store.read(digestOf('0123456789'), 10, {})).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
      details: { expected: digestOf('0123456789'), found: digestOf('0123456780') }
    })
    expect(await store.hash([digestOf('0123456789'), absent], {})).toEqual([digestOf('0123456780'), undefined])
  })

  it('lists blobs, and names what does not belong there', async () => {
    await store.put([bytes('a'), bytes('bb')], {})
    writeFileSync(at('blobs', 'sha256', 'README'), '')
    writeFileSync(at('blobs', 'sha256', 'A'.repeat(64)), '')
    mkdirSync(at('blobs', 'sha256', 'f'.repeat(64)))
    const { blobs, foreign } = await store.list({})
    expect(new Set(blobs.map(({ digest, sizeBytes }) => `${digest} ${sizeBytes}`))).toEqual(new Set([`${digestOf('a')} 1`, `${digestOf('bb')} 2`]))
    expect(foreign.sort()).toEqual([`blobs/sha256/${'A'.repeat(64)}`, 'blobs/sha256/README', `blobs/sha256/${'f'.repeat(64)}`])
  })
})

describe('trash', () => {
  it('takes a blob that was not touched since, and gives it back', async () => {
    const digest = await putOld('x')
    expect(await store.trash.discard(digest, OLD)).toBe(false)
    expect(await store.trash.discard(digest, CUTOFF)).toBe(true)
    expect(existsSync(blobPath('x'))).toBe(false)
    const [entry] = await store.trash.list({})
    expect(entry).toMatchObject({ digest, sizeBytes: 1, touchedAtMs: OLD })
    expect(systemSources.now() - (entry?.discardedAtMs ?? 0)).toBeLessThan(60_000)
    expect(await store.trash.discard(digest, CUTOFF)).toBe(false)
    await store.trash.restore(digest)
    expect(readFileSync(blobPath('x'), 'utf8')).toBe('x')
    expect(readdirSync(at('trash'))).toEqual([])
    await store.trash.restore(digest)
  })

  it('removes for good, one entry a call, the oldest first', async () => {
    const digest = digestOf('x')
    writeFileSync(at('trash', `${OLD}.${hexOf('x')}`), 'x')
    writeFileSync(at('trash', `${OLD + 5}.${hexOf('x')}`), 'x')
    await store.trash.remove(digest)
    expect(readdirSync(at('trash'))).toEqual([`${OLD + 5}.${hexOf('x')}`])
    await store.trash.remove(digest)
    await store.trash.remove(digest)
    expect(readdirSync(at('trash'))).toEqual([])
  })

  it('gives a blob back at once when a writer touched it just before it was moved', async () => {
    const digest = await putOld('x')
    const rename = async (from: string, to: string): Promise<void> => {
      await nodeStoreFs.touch(from, systemSources.now())
      await nodeStoreFs.rename(from, to)
    }
    expect(await open({ rename }).trash.discard(digest, CUTOFF)).toBe(false)
    expect(readFileSync(blobPath('x'), 'utf8')).toBe('x')
    expect(readdirSync(at('trash'))).toEqual([])
  })

  it('leaves alone what a writer stored while a blob was given back, and makes the name durable before the other goes', async () => {
    const digest = await putOld('x')
    await store.trash.discard(digest, CUTOFF)
    await store.put([bytes('x')], {})
    const { ino } = statSync(blobPath('x'))
    const order: string[] = []
    const fs: Partial<StoreFs> = {
      syncFolder: (path) => (order.push('sync'), nodeStoreFs.syncFolder(path)),
      unlink: (path) => (order.push('unlink'), nodeStoreFs.unlink(path))
    }
    await open(fs).trash.restore(digest)
    expect(statSync(blobPath('x')).ino).toBe(ino)
    expect(order).toEqual(['sync', 'unlink'])
    expect(readdirSync(at('trash'))).toEqual([])
  })

  it('never loses a blob that a writer puts while collection discards it', async () => {
    for (let round = 0; round < 50; round++) {
      const digest = await putOld('x')
      const [, discarded] = await Promise.all([store.put([bytes('x')], {}), store.trash.discard(digest, CUTOFF), store.put([bytes('x')], {})])
      expect(readFileSync(blobPath('x'), 'utf8')).toBe('x')
      if (discarded) await store.trash.remove(digest)
    }
  })
})

describe('sweepTemporary', () => {
  const leave = (folder: string, name: string, ageMs: number): void => {
    writeFileSync(at(folder, name), '')
    const time = (systemSources.now() - ageMs) / 1000
    utimesSync(at(folder, name), time, time)
  }
  const HOUR = 3_600_000
  // Above the largest process number that Linux gives.
  const DEAD = 4_194_305

  it('removes what is old and whose writer is gone, and names it', async () => {
    leave('tmp', `host1-${DEAD}-0198.0`, 2 * HOUR)
    leave('tmp', `host1-${DEAD}-0199.0`, HOUR / 2)
    leave('tmp', `host1-${process.pid}-0198.0`, 2 * HOUR)
    leave('tmp', `host2-${process.pid}-0198.0`, 2 * HOUR)
    leave('tmp', 'something else', 2 * HOUR)
    leave('trash', `${systemSources.now() - 2 * HOUR}.${hexOf('x')}.damaged`, 0)
    leave('trash', `${systemSources.now()}.${hexOf('x')}.damaged`, 2 * HOUR)
    leave('trash', `${OLD}.${hexOf('x')}`, 2 * HOUR)
    leave('uploads', 'left', 2 * HOUR)
    leave('uploads', 'going on', HOUR / 2)
    const all = (): string[] => ['tmp', 'trash', 'uploads'].flatMap((folder) => readdirSync(at(folder)))
    const before = all()
    const named = await store.trash.sweepTemporary(HOUR, true)
    expect(all()).toEqual(before)
    expect(await store.trash.sweepTemporary(HOUR, false)).toEqual(named)
    expect(named).toHaveLength(5)
    expect(readdirSync(at('uploads'))).toEqual(['going on'])
    expect(readdirSync(at('tmp')).sort()).toEqual([`host1-${DEAD}-0199.0`, `host1-${process.pid}-0198.0`].sort())
    expect(readdirSync(at('trash'))).toHaveLength(2)
    expect(await store.trash.sweepTemporary(HOUR, false)).toEqual([])
  })
})
