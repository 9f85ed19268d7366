import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync, chmodSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openModelCache, type ModelCache } from '../../../src/artifacts/cache/model-cache.js'
import { StemmaError } from '../../../src/errors/stemma-error.js'
import { nodeStoreFs } from '../../../src/io/node-store-fs.js'
import { buildManifest, manifestDigest } from '../../../src/record/manifest.js'
import { systemSources } from '../../../src/util/sources.js'
import type { Progress } from '../../../src/util/options.js'
import { artifactOf, countingFs, laterSources, piecesOf, sampleVersion } from '../sample-version.js'
import { temporaryFolder, writeFiles } from '../temporary-folder.js'

const FILES = { 'model.onnx': 'w'.repeat(5_000), 'tokenizer/vocab.txt': 'a\nb\n', 'empty.bin': '' }

function newCache(root = join(temporaryFolder(), 'cache')): ModelCache {
  return openModelCache({ root, fs: nodeStoreFs, sources: systemSources })
}

/** Replaces the content of a read-only file in the cache. */
function damage(path: string, content: string): void {
  chmodSync(path, 0o644)
  writeFileSync(path, content)
}

function leftovers(cache: ModelCache): string[] {
  return readdirSync(join(cache.root, 'v1', 'tmp'))
}

describe('materialize', () => {
  it('fetches a version, read-only, and then serves it without fetching, hashing or copying', async () => {
    const root = join(temporaryFolder(), 'cache')
    const version = sampleVersion(FILES)
    const first = await newCache(root).materialize(version)
    expect(first).toMatchObject({ source: 'registry', healed: [], paths: Object.keys(FILES) })
    for (const [path, content] of Object.entries(FILES)) expect(readFileSync(join(first.dir, path), 'utf8')).toBe(content)
    expect(lstatSync(join(first.dir, 'model.onnx')).mode & 0o222).toBe(0)

    const { fs, counts } = countingFs()
    version.calls.length = 0
    const second = await openModelCache({ root, fs, sources: systemSources }).materialize(version)
    expect(second).toEqual({ ...first, source: 'cache' })
    expect(version.calls).toEqual([])
    expect(counts).toEqual({ hashed: 0, ingested: 0 })
  })

  it('hashes everything again with verify: always', async () => {
    const { fs, counts } = countingFs()
    const cache = openModelCache({ root: join(temporaryFolder(), 'cache'), fs, sources: systemSources })
    const version = sampleVersion(FILES)
    await cache.materialize(version)
    expect(await cache.materialize({ ...version, verify: 'always' })).toMatchObject({ source: 'cache', healed: [] })
    expect(counts.hashed).toBe(3)
  })

  it('hashes a file whose times changed once, and trusts it afterwards', async () => {
    const { fs, counts } = countingFs()
    const cache = openModelCache({ root: join(temporaryFolder(), 'cache'), fs, sources: laterSources(60_000) })
    const version = sampleVersion(FILES)
    const { dir } = await cache.materialize(version)
    utimesSync(join(dir, 'model.onnx'), 1, 1)
    expect(await cache.materialize(version)).toMatchObject({ source: 'cache', healed: [] })
    expect(counts.hashed).toBe(1)
    await cache.materialize(version)
    expect(counts.hashed).toBe(1)
  })

  it('does not trust a fingerprint that was taken right after a change', async () => {
    const { fs, counts } = countingFs()
    const cache = openModelCache({ root: join(temporaryFolder(), 'cache'), fs, sources: systemSources })
    const version = sampleVersion(FILES)
    const { dir } = await cache.materialize(version)
    utimesSync(join(dir, 'model.onnx'), 1, 1)
    await cache.materialize(version)
    await cache.materialize(version)
    expect(counts.hashed).toBe(2)
  })

  it('names and heals a damaged file, also one of the same size', async () => {
    const cache = newCache()
    const version = sampleVersion(FILES)
    const { dir } = await cache.materialize(version)
    damage(join(dir, 'model.onnx'), 'x'.repeat(5_000))
    const seen: unknown[] = []
    version.calls.length = 0
    const healed = await cache.materialize({ ...version, onDamage: (found) => seen.push(found) })
    expect(healed).toMatchObject({ source: 'registry', healed: ['model.onnx'] })
    expect(seen).toEqual([{ path: 'model.onnx', kind: 'damaged' }])
    expect(version.calls).toEqual([{ path: 'model.onnx', start: 0 }])
    expect(readFileSync(join(dir, 'model.onnx'), 'utf8')).toBe(FILES['model.onnx'])
  })

  it('notices a damaged file whose times were set back', async () => {
    const cache = newCache()
    const version = sampleVersion(FILES)
    const { dir } = await cache.materialize(version)
    const file = join(dir, 'model.onnx')
    const { atime, mtime } = lstatSync(file)
    damage(file, 'x'.repeat(5_000))
    utimesSync(file, atime, mtime)
    expect(await cache.materialize(version)).toMatchObject({ healed: ['model.onnx'] })
  })

  it('names and heals lost files and a lost or torn record', async () => {
    const cache = newCache()
    const version = sampleVersion(FILES)
    const { dir } = await cache.materialize(version)
    unlinkSync(join(dir, 'tokenizer/vocab.txt'))
    expect(await cache.materialize(version)).toMatchObject({ source: 'registry', healed: ['tokenizer/vocab.txt'] })
    const record = join(dir, '..', 'verified.json')
    for (const text of ['', readFileSync(record, 'utf8').slice(0, 40), readFileSync(record, 'utf8').replace('"format":2', '"format":3')]) {
      writeFileSync(record, text)
      expect(await cache.materialize(version)).toMatchObject({ source: 'cache', healed: [] })
    }
    unlinkSync(record)
    expect(await cache.materialize(version)).toMatchObject({ source: 'cache', healed: [] })
    expect(existsSync(record)).toBe(true)
  })

  it('does not trust a record that was changed to fit damaged bytes', async () => {
    const cache = newCache()
    const version = sampleVersion(FILES)
    const { dir } = await cache.materialize(version)
    const record = join(dir, '..', 'verified.json')
    const before = readFileSync(record, 'utf8')
    damage(join(dir, 'model.onnx'), 'x'.repeat(5_000))
    const stats = lstatSync(join(dir, 'model.onnx'), { bigint: true })
    const forged = `"model.onnx","5000 ${stats.mtimeNs} ${stats.ctimeNs} ${stats.ino}"`
    writeFileSync(record, before.replace(/"model\.onnx","[^"]*"/, forged))
    expect(await cache.materialize(version)).toMatchObject({ healed: ['model.onnx'] })
  })

  it('fetches only what include matches, and adds the rest later', async () => {
    const cache = newCache()
    const version = sampleVersion(FILES)
    const part = await cache.materialize({ ...version, include: ['tokenizer/**'] })
    expect(part.paths).toEqual(['tokenizer/vocab.txt'])
    expect(version.calls.map(({ path }) => path)).toEqual(['tokenizer/vocab.txt'])
    expect(await cache.materialize({ ...version, include: ['*.txt', 'tokenizer/*'] })).toMatchObject({ source: 'cache' })
    expect(await cache.materialize(version)).toMatchObject({ source: 'registry', healed: [] })
    expect(version.calls).toHaveLength(3)
  })

  it('says which artifacts there are when include matches none', async () => {
    await expect(newCache().materialize({ ...sampleVersion(FILES), include: ['*.pt'] })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'no artifact matches "*.pt"'
    })
  })

  it('writes environment files under .stemma without touching what was verified', async () => {
    const cache = newCache()
    const version = sampleVersion(FILES)
    await cache.materialize(version)
    const lock = Buffer.from('{"lockfileVersion":3}')
    version.contents.set('.stemma/package-lock.json', lock)
    version.calls.length = 0
    const environmentFiles = [artifactOf('package-lock.json', lock)]
    const { dir, paths } = await cache.materialize({ ...version, environmentFiles })
    expect(version.calls.map(({ path }) => path)).toEqual(['.stemma/package-lock.json'])
    expect(readFileSync(join(dir, '.stemma/package-lock.json'))).toEqual(lock)
    expect(paths).toContain('.stemma/package-lock.json')
    const hostile = [{ ...artifactOf('x', lock), path: '../../x' }]
    await expect(cache.materialize({ ...version, environmentFiles: hostile })).rejects.toMatchObject({ code: 'INVALID_PATH' })
  })
})

describe('bytes of the registry that are wrong', () => {
  it.each([
    ['other bytes of the right size', 'x'.repeat(5_000)],
    ['too few bytes', 'w'.repeat(4_999)],
    ['no bytes', ''],
    ['too many bytes', 'w'.repeat(5_001)]
  ])('%s: names artifact, wanted and found, and leaves nothing', async (_, content) => {
    const cache = newCache()
    const version = sampleVersion(FILES)
    version.contents.set('model.onnx', Buffer.from(content))
    const failure = await cache.materialize(version).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'DIGEST_MISMATCH', details: { path: 'model.onnx', expected: version.artifacts[0]?.digest } })
    const dir = join(cache.root, 'v1', version.digest.replace(':', '/'), 'files')
    expect(existsSync(join(dir, 'model.onnx'))).toBe(false)
    expect(leftovers(cache)).toEqual([])
    version.contents.set('model.onnx', Buffer.from(FILES['model.onnx']))
    expect(await cache.materialize(version)).toMatchObject({ source: 'registry' })
  })

  it('stops reading when more arrives than the file has', async () => {
    let sent = 0
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) {
        sent += 1_000
        yield await Promise.resolve(new Uint8Array(1_000))
      }
    }
    const version = sampleVersion({ 'model.bin': 'w'.repeat(5_000) })
    await expect(newCache().materialize({ ...version, fetch: endless })).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
    expect(sent).toBeLessThan(20_000)
  })

  it('goes on where a stream broke off, when its error allows to try again', async () => {
    const version = sampleVersion({ 'model.bin': 'w'.repeat(5_000) })
    const starts: number[] = []
    const breaking = async function* (_: unknown, start: number): AsyncGenerator<Uint8Array> {
      starts.push(start)
      if (start < 4_000) {
        yield Buffer.from('w'.repeat(2_000))
        throw new StemmaError('REGISTRY_UNAVAILABLE', 'connection lost')
      }
      yield* piecesOf(Buffer.from('w'.repeat(5_000 - start)))
    }
    await newCache().materialize({ ...version, fetch: breaking })
    expect(starts).toEqual([0, 2_000, 4_000])
  })

  it('gives up when a broken stream brings nothing more, with its own error', async () => {
    const version = sampleVersion({ 'model.bin': 'w'.repeat(5_000) })
    // eslint-disable-next-line @typescript-eslint/require-await
    const dead = async function* (): AsyncGenerator<Uint8Array> {
      throw new StemmaError('REGISTRY_UNAVAILABLE', 'connection lost')
    }
    await expect(newCache().materialize({ ...version, fetch: dead })).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' })
  })

  it('keeps the files that arrived before a failure', async () => {
    const cache = newCache()
    const names = ['a', 'b', 'c', 'd', 'gone']
    const version = sampleVersion(Object.fromEntries(names.map((name) => [name, name])))
    const missing = new StemmaError('BLOB_MISSING', 'no such blob')
    // Four files are fetched at a time, so the fifth begins when one of the others is there.
    const fetch: typeof version.fetch = (file, start) => {
      if (file.path === 'gone') throw missing
      return version.fetch(file, start)
    }
    await expect(cache.materialize({ ...version, fetch })).rejects.toBe(missing)
    version.calls.length = 0
    await cache.materialize(version)
    expect(version.calls.length).toBeLessThan(names.length)
    expect(version.calls.map(({ path }) => path)).toContain('gone')
  })

  it('refuses a damaged blob on this disk, and copies a good one without fetching', async () => {
    const store = temporaryFolder()
    writeFiles(store, { good: 'aaa', bad: 'xxx', short: 'x' })
    const version = sampleVersion({ 'a.bin': 'aaa' })
    const cache = newCache()
    for (const name of ['bad', 'short']) {
      await expect(cache.materialize({ ...version, localPath: () => join(store, name) })).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
    }
    const { dir } = await cache.materialize({ ...version, localPath: () => join(store, 'good') })
    expect(version.calls).toEqual([])
    expect(lstatSync(join(dir, 'a.bin')).ino).not.toBe(lstatSync(join(store, 'good')).ino)
    expect(lstatSync(join(store, 'good')).nlink).toBe(1)
  })

  it('fetches when the local blob is not there', async () => {
    const version = sampleVersion({ 'a.bin': 'aaa' })
    await newCache().materialize({ ...version, localPath: () => '/nowhere/blob' })
    expect(version.calls).toHaveLength(1)
  })
})

describe('hostile lists of artifacts', () => {
  const bytes = Buffer.from('x')
  it.each(['../../outside', '/etc/outside', 'a/../../outside', 'a\\b', 'C:x', 'nul', '.stemma/x', ''])('refuses the path %j', async (path) => {
    const cache = newCache()
    const artifacts = [artifactOf(path, bytes)]
    await expect(cache.materialize({ artifacts, digest: `sha256:${'0'.repeat(64)}`, fetch: () => piecesOf(bytes) })).rejects.toMatchObject({
      code: 'INVALID_PATH'
    })
    expect(existsSync(cache.root)).toBe(false)
  })

  it.each([['A/x', 'a/X'], ['a', 'a/b'], ['ß', 'SS']])('refuses the paths %j and %j together', async (...paths) => {
    const artifacts = paths.map((path) => artifactOf(path, bytes))
    const digest = `sha256:${'0'.repeat(64)}`
    await expect(newCache().materialize({ artifacts, digest, fetch: () => piecesOf(bytes) })).rejects.toMatchObject({ code: 'INVALID_PATH' })
  })

  it('refuses a list that the digest does not stand for, also when the right one is cached', async () => {
    const cache = newCache()
    const version = sampleVersion(FILES)
    await cache.materialize(version)
    const other = { ...version, artifacts: [artifactOf('evil.bin', bytes)] }
    await expect(cache.materialize(other)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH', details: { expected: version.digest } })
    expect(await cache.materialize(version)).toMatchObject({ source: 'cache' })
  })

  it.each(['sha256:../../../x', 'sha256:', 'md5:0', `sha256:${'A'.repeat(64)}`])('refuses the digest %j', async (digest) => {
    await expect(newCache().materialize({ ...sampleVersion(FILES), digest })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
})

describe('a cache that somebody tampered with', () => {
  it('replaces a link in place of a file and leaves its target alone', async () => {
    const cache = newCache()
    const outside = join(temporaryFolder(), 'outside')
    writeFileSync(outside, FILES['model.onnx'])
    const version = sampleVersion(FILES)
    const { dir } = await cache.materialize(version)
    rmSync(join(dir, 'model.onnx'), { force: true })
    symlinkSync(outside, join(dir, 'model.onnx'))
    const seen: unknown[] = []
    expect(await cache.materialize({ ...version, onDamage: (found) => seen.push(found) })).toMatchObject({ healed: ['model.onnx'] })
    expect(seen).toEqual([{ path: 'model.onnx', kind: 'unsafe' }])
    expect(lstatSync(join(dir, 'model.onnx')).isFile()).toBe(true)
    expect(readFileSync(outside, 'utf8')).toBe(FILES['model.onnx'])
  })

  it('replaces a linked folder, even one that holds the very files', async () => {
    const cache = newCache()
    const outside = temporaryFolder()
    const version = sampleVersion(FILES)
    const { dir } = await cache.materialize(version)
    renameSync(join(dir, 'tokenizer'), join(outside, 'tokenizer'))
    symlinkSync(join(outside, 'tokenizer'), join(dir, 'tokenizer'))
    expect(await cache.materialize(version)).toMatchObject({ healed: ['tokenizer/vocab.txt'] })
    expect(lstatSync(join(dir, 'tokenizer')).isDirectory()).toBe(true)
    expect(readdirSync(outside)).toEqual(['tokenizer'])
    expect(readdirSync(join(outside, 'tokenizer'))).toEqual(['vocab.txt'])
  })

  it('never writes through a linked folder that was planted before the first fetch', async () => {
    const cache = newCache()
    const outside = temporaryFolder()
    const version = sampleVersion(FILES)
    const files = join(cache.root, 'v1', version.digest.replace(':', '/'), 'files')
    mkdirSync(files, { recursive: true, mode: 0o700 })
    symlinkSync(outside, join(files, 'tokenizer'))
    await cache.materialize(version)
    expect(readdirSync(outside)).toEqual([])
    rmSync(files, { recursive: true })
    symlinkSync(outside, files)
    await cache.materialize(version)
    expect(readdirSync(outside)).toEqual([])
  })

  it('replaces a folder in place of a file and a file in place of a folder', async () => {
    const cache = newCache()
    const version = sampleVersion(FILES)
    const { dir } = await cache.materialize(version)
    rmSync(join(dir, 'model.onnx'), { force: true })
    writeFiles(dir, { 'model.onnx/x': '1' })
    rmSync(join(dir, 'tokenizer'), { recursive: true })
    writeFiles(dir, { tokenizer: '1' })
    expect((await cache.materialize(version)).healed.sort()).toEqual(['model.onnx', 'tokenizer/vocab.txt'])
    expect(readFileSync(join(dir, 'tokenizer/vocab.txt'), 'utf8')).toBe(FILES['tokenizer/vocab.txt'])
    expect(leftovers(cache)).toEqual([])
  })

  it.runIf(process.platform !== 'win32')('refuses a cache folder that everybody may write to, or a link', async () => {
    const cache = newCache()
    mkdirSync(join(cache.root, 'v1'), { recursive: true })
    chmodSync(join(cache.root, 'v1'), 0o777)
    await expect(cache.materialize(sampleVersion(FILES))).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
    rmSync(join(cache.root, 'v1'), { recursive: true })
    symlinkSync(temporaryFolder(), join(cache.root, 'v1'))
    await expect(cache.materialize(sampleVersion(FILES))).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
  })
})

describe('interruption and concurrency', () => {
  it('rejects with the reason of an abort in the middle, leaves nothing half, and succeeds afterwards', async () => {
    const cache = newCache()
    const version = sampleVersion({ 'model.bin': 'w'.repeat(2_000_000) })
    const controller = new AbortController()
    const reason = new Error('enough')
    const aborting = async function* (): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.from('w'.repeat(1_000_000)))
      controller.abort(reason)
      await new Promise(() => undefined)
    }
    await expect(cache.materialize({ ...version, fetch: aborting, signal: controller.signal })).rejects.toBe(reason)
    expect(leftovers(cache)).toEqual([])
    await expect(cache.materialize({ ...version, signal: controller.signal })).rejects.toBe(reason)
    const { dir } = await cache.materialize(version)
    expect(lstatSync(join(dir, 'model.bin')).size).toBe(2_000_000)
  })

  it('serves several at once, of one version, from several caches over one folder', async () => {
    const root = join(temporaryFolder(), 'cache')
    const version = sampleVersion(FILES)
    const results = await Promise.all(Array.from({ length: 8 }, () => newCache(root).materialize(version)))
    for (const { dir } of results) expect(readFileSync(join(dir, 'model.onnx'), 'utf8')).toBe(FILES['model.onnx'])
    expect(leftovers(newCache(root))).toEqual([])
    expect(await newCache(root).materialize(version)).toMatchObject({ source: 'cache', healed: [] })
  })

  it('reports progress in bytes up to the whole', async () => {
    const progress: Progress[] = []
    const version = sampleVersion(FILES)
    await newCache().materialize({ ...version, onProgress: (each) => progress.push(each) })
    expect(progress.at(-1)).toMatchObject({ phase: 'fetch', doneBytes: 5_004, totalBytes: 5_004 })
    expect(progress.every(({ doneBytes }, index) => doneBytes >= (progress[index - 1]?.doneBytes ?? 0))).toBe(true)
  })
})

describe('the digest of a version', () => {
  it('does not depend on the order of the list', async () => {
    const version = sampleVersion(FILES)
    const artifacts = version.artifacts.toReversed()
    expect(manifestDigest(buildManifest(artifacts))).toBe(version.digest)
    expect(await newCache().materialize({ ...version, artifacts })).toMatchObject({ source: 'registry' })
  })
})
