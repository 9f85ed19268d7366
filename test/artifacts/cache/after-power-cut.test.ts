import { chmodSync, lstatSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkedJsonBytes, readCheckedJson } from '../../../src/artifacts/cache/checked-json.js'
import { fingerprintOf } from '../../../src/artifacts/cache/fingerprint.js'
import { openModelCache, type ModelCache } from '../../../src/artifacts/cache/model-cache.js'
import { currentBootId } from '../../../src/io/boot-id.js'
import type { StoreFs } from '../../../src/io/store-fs.js'
import { countingFs, laterSources, sampleVersion, type SampleVersion } from '../sample-version.js'
import { temporaryFolder } from '../temporary-folder.js'

const FILES = { 'model.onnx': 'w'.repeat(5_000), 'vocab.txt': 'a\nb\n' }

interface Machine {
  cache: (boot: string | undefined, sync?: boolean) => ModelCache
  version: SampleVersion
  counts: { hashed: number; ingested: number }
  /** What was made durable: each file that was written so, and each flush of files. */
  flushed: string[]
  /** What a flush fails with. */
  failFlush: string | undefined
}

/** One cache, as processes see it that run after different starts of the machine. */
function machine(): Machine {
  const root = join(temporaryFolder(), 'cache')
  const { fs: counting, counts } = countingFs()
  const flushed: string[] = []
  const made: Machine = {
    version: sampleVersion(FILES),
    counts,
    flushed,
    failFlush: undefined,
    cache: (boot, sync) => openModelCache({ root, fs, sources: laterSources(60_000), bootId: () => boot, sync })
  }
  const fs: StoreFs = {
    ...counting,
    ingest: (items, options) => {
      if (options.sync) flushed.push(...items.map(({ source }) => source.label))
      return counting.ingest(items, options)
    },
    syncFiles: async (paths) => {
      if (made.failFlush !== undefined) throw Object.assign(new Error('no'), { code: made.failFlush, errno: -5, syscall: 'fsync' })
      flushed.push(...paths.map((path) => path.slice(path.lastIndexOf('/') + 1)))
      await counting.syncFiles(paths)
    }
  }
  return made
}

describe('files of the cache after a power cut', () => {
  it('believes a new file without a flush, flushes it at the next use, and believes it for good', async () => {
    const { cache, version, counts, flushed } = machine()
    await cache('first').materialize(version)
    expect(flushed).toEqual([])
    await cache('first').materialize(version)
    expect(flushed).toEqual(Object.keys(FILES))
    for (const boot of ['first', 'second', undefined]) await cache(boot).materialize(version)
    expect({ hashed: counts.hashed, flushed: flushed.length }).toEqual({ hashed: 0, flushed: 2 })
  })

  it('hashes and flushes once what was not flushed before the machine was started again', async () => {
    const { cache, version, counts, flushed } = machine()
    await cache('first').materialize(version)
    expect(await cache('second').materialize(version)).toMatchObject({ source: 'cache', healed: [] })
    expect(counts.hashed).toBe(2)
    expect(flushed).toEqual(Object.keys(FILES))
    for (const boot of ['second', 'third', undefined]) await cache(boot).materialize(version)
    expect(counts.hashed).toBe(2)
  })

  it('fetches anew what the system could not write in the background', async () => {
    const one = machine()
    await one.cache('first').materialize(one.version)
    one.failFlush = 'EIO'
    expect(await one.cache('first').materialize(one.version)).toMatchObject({ source: 'registry', healed: Object.keys(FILES) })
  })

  it('heals a file that the cut left hollow, though its size, times and inode are those of the record', async () => {
    const { cache, version } = machine()
    const { dir } = await cache('first').materialize(version)
    const file = join(dir, 'model.onnx')
    const before = lstatSync(file)
    chmodSync(file, 0o600)
    truncateSync(file, 0)
    truncateSync(file, 5_000)
    chmodSync(file, 0o444)
    utimesSync(file, before.atime, before.mtime)
    // A journal that was replayed has the change time of the record, too: here the record is given that of the file.
    const record = join(dir, '..', 'verified.json')
    writeFileSync(record, withFingerprint(readFileSync(record), 'model.onnx', fingerprintOf(file) ?? ''))
    expect(await cache('second').materialize(version)).toMatchObject({ source: 'registry', healed: ['model.onnx'] })
    expect(readFileSync(file, 'utf8')).toBe(FILES['model.onnx'])
  })

  it('flushes at once where the system does not tell one start from another', async () => {
    const { cache, version, counts, flushed } = machine()
    await cache(undefined).materialize(version)
    expect(flushed).toEqual(Object.keys(FILES))
    await cache(undefined).materialize(version)
    await cache('any').materialize(version)
    expect(counts.hashed).toBe(0)
  })

  it('does not believe a file that cannot be flushed any longer than its bytes were looked at', async () => {
    const one = machine()
    await one.cache('first').materialize(one.version)
    one.failFlush = 'EINVAL'
    for (const [boot, hashed] of [['first', 2], ['second', 4], ['second', 6]] as const) {
      expect(await one.cache(boot).materialize(one.version)).toMatchObject({ source: 'cache', healed: [] })
      expect(one.counts.hashed).toBe(hashed)
    }
  })

  it('flushes nothing and believes all without sync', async () => {
    const { cache, version, counts, flushed } = machine()
    await cache('first', false).materialize(version)
    await cache('second', false).materialize(version)
    expect({ hashed: counts.hashed, flushed }).toEqual({ hashed: 0, flushed: [] })
  })

  it('knows the start of this machine on Linux, always as the same', () => {
    expect(currentBootId()).toBe(currentBootId())
    if (process.platform === 'linux') expect(currentBootId()).toMatch(/^[0-9a-f-]{36}$/)
  })
})

function withFingerprint(bytes: Uint8Array, path: string, fingerprint: string): Uint8Array {
  const record = readCheckedJson(bytes) as { files: string[][] }
  return checkedJsonBytes({ ...record, files: record.files.map(([file, before, ...rest]) => [file, file === path ? fingerprint : before, ...rest]) })
}
