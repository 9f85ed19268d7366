import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openModelCache, type ModelCache } from '../../../src/artifacts/cache/model-cache.js'
import { isStemmaError } from '../../../src/errors/stemma-error.js'
import { nodeStoreFs } from '../../../src/io/node-store-fs.js'
import { systemSources } from '../../../src/util/sources.js'
import { piecesOf, sampleVersion, type SampleVersion } from '../sample-version.js'
import { temporaryFolder } from '../temporary-folder.js'

const SIZE = 9 * 1_048_576
const STOP = 5 * 1_048_576
const bytes = randomBytes(SIZE)

function newCache(): ModelCache {
  return openModelCache({ root: join(temporaryFolder(), 'cache'), fs: nodeStoreFs, sources: systemSources })
}

/** Serves in large pieces, which is faster. */
function largeVersion(): SampleVersion {
  const version = sampleVersion({ 'model.bin': bytes })
  version.fetch = (file, start) => {
    version.calls.push({ path: file.path, start })
    return piecesOf((version.contents.get(file.path) ?? new Uint8Array()).subarray(start), 1_048_576)
  }
  return version
}

function partials(cache: ModelCache): string[] {
  return readdirSync(join(cache.root, 'v1', 'partial'))
}

/** A version whose bytes come until so many were given; then the call is aborted. */
function abortedVersion(): { version: SampleVersion; signal: AbortSignal } {
  const version = largeVersion()
  const controller = new AbortController()
  version.fetch = async function* (_, start) {
    let given = start
    for await (const piece of piecesOf(bytes.subarray(start), 65_536)) {
      if (given >= STOP) controller.abort(new Error('enough'))
      given += piece.byteLength
      yield piece
    }
  }
  return { version, signal: controller.signal }
}

/** Materializes a part, and gives what the cache keeps of it. */
async function stopHalfway(cache: ModelCache): Promise<string> {
  const { version, signal } = abortedVersion()
  await expect(cache.materialize({ ...version, signal })).rejects.toThrow('enough')
  const [name = '', ...others] = partials(cache)
  expect(others).toEqual([])
  return join(cache.root, 'v1', 'partial', name)
}

describe('a large download that is cut short', () => {
  it('is gone on with by the next call, and leaves nothing behind', async () => {
    const cache = newCache()
    await stopHalfway(cache)
    const version = largeVersion()
    const { dir } = await cache.materialize(version)
    expect(readFileSync(join(dir, 'model.bin')).equals(bytes)).toBe(true)
    expect(version.calls).toHaveLength(1)
    expect(version.calls[0]?.start).toBeGreaterThan(STOP - 1_048_576)
    expect(partials(cache)).toEqual([])
  })

  it('begins anew, once, when what was kept is damaged', async () => {
    const cache = newCache()
    const kept = await stopHalfway(cache)
    writeFileSync(kept, randomBytes(STOP))
    const version = largeVersion()
    const { dir } = await cache.materialize(version)
    expect(readFileSync(join(dir, 'model.bin')).equals(bytes)).toBe(true)
    expect(version.calls.map(({ start }) => start)).toEqual([STOP, 0])
    expect(partials(cache)).toEqual([])
  })

  it('says that the registry is damaged when the bytes are wrong from the start, and keeps none of them', async () => {
    const cache = newCache()
    const version = largeVersion()
    version.contents.set('model.bin', randomBytes(SIZE))
    await expect(cache.materialize(version)).rejects.toSatisfy((error) => isStemmaError(error, 'DIGEST_MISMATCH'))
    expect(version.calls.map(({ start }) => start)).toEqual([0, 0])
    expect(partials(cache)).toEqual([])
  })

  it('needs no byte when all of them are there, and begins anew when there are too many', async () => {
    const whole = newCache()
    writeFileSync(await stopHalfway(whole), bytes)
    const version = largeVersion()
    await whole.materialize(version)
    expect(version.calls).toEqual([])

    const tooLong = newCache()
    writeFileSync(await stopHalfway(tooLong), randomBytes(SIZE + 1))
    await tooLong.materialize(version)
    expect(version.calls).toEqual([{ path: 'model.bin', start: 0 }])
  })

  it('leaves a file alone that another process may still write to, adopts that of a dead one, and removes forgotten ones', async () => {
    const cache = newCache()
    const idle = await stopHalfway(cache)
    const folder = join(cache.root, 'v1', 'partial')
    const hex = /[0-9a-f]{64}/.exec(idle)?.[0] ?? ''
    const foreign = join(folder, `${hex}.00000000-1.aa`)
    renameSync(idle, foreign)
    mkdirSync(join(folder, 'not-a-file'))
    writeFileSync(join(folder, `${'0'.repeat(64)}.idle.bb`), 'x')
    const old = systemSources.now() / 1000 - 8 * 86_400
    utimesSync(join(folder, `${'0'.repeat(64)}.idle.bb`), old, old)
    const version = largeVersion()
    await cache.materialize(version)
    expect(version.calls.map(({ start }) => start)).toEqual([0])
    expect(partials(cache).toSorted()).toEqual([`${hex}.00000000-1.aa`, 'not-a-file'])

    const before = systemSources.now() / 1000 - 300
    utimesSync(foreign, before, before)
    const other = openModelCache({ root: cache.root, fs: nodeStoreFs, sources: systemSources })
    renameSync(join(cache.root, 'v1', 'sha256'), join(cache.root, 'taken-away'))
    await other.materialize(version)
    expect(version.calls[1]?.start).toBeGreaterThan(STOP - 1_048_576)
  })
})
