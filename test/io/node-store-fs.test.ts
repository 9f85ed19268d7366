import { mkdir, mkdtemp, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createNodeStoreFs, nodeStoreFs as fs } from '../../src/io/node-store-fs.js'
import { systemSources } from '../../src/util/sources.js'

let folder: string
const at = (...names: string[]): string => join(folder, ...names)
const text = (bytes: Uint8Array | undefined): string | undefined => (bytes === undefined ? undefined : new TextDecoder().decode(bytes))
const bytesOf = (value: string): Uint8Array => new TextEncoder().encode(value)

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-fs-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('reading', () => {
  it('gives a file whole, small and large, and undefined for an absent one', async () => {
    await writeFile(at('small'), 'hello')
    await writeFile(at('empty'), '')
    const large = Buffer.alloc(3_000_000, 'abc')
    await writeFile(at('large'), large)
    expect(text(await fs.readFile(at('small')))).toBe('hello')
    expect((await fs.readFile(at('empty')))?.byteLength).toBe(0)
    expect(large.equals((await fs.readFile(at('large'))) ?? Buffer.alloc(0))).toBe(true)
    expect(await fs.readFile(at('absent'))).toBeUndefined()
  })

  it('rejects with the error of the system when a folder is read', async () => {
    await expect(fs.readFile(folder)).rejects.toMatchObject({ code: 'EISDIR' })
  })

  it('tells what is there', async () => {
    await writeFile(at('file'), 'abc')
    await utimes(at('file'), 5, 7)
    await symlink(at('nowhere'), at('link'))
    expect(fs.exists(at('file'))).toBe(true)
    expect(fs.exists(at('link'))).toBe(true)
    expect(fs.exists(at('absent'))).toBe(false)
    expect(await fs.stat(at('file'))).toEqual({ sizeBytes: 3, mtimeMs: 7000, isFile: true })
    expect(await fs.stat(at('link'))).toMatchObject({ isFile: false })
    expect(await fs.stat(at('absent'))).toBeUndefined()
    expect((await fs.list(folder)).sort()).toEqual(['file', 'link'])
    expect(await fs.list(at('absent'))).toEqual([])
  })

  it('streams a file from a place on, in chunks that stay as they are', async () => {
    const content = Buffer.alloc(2_500_000, 'stemma')
    await writeFile(at('file'), content)
    for (const start of [0, 1, 1_048_576, 2_499_999, 2_500_000, 9_000_000]) {
      const chunks: Uint8Array[] = []
      for await (const chunk of fs.openRead(at('file'), { start })) chunks.push(chunk)
      expect(Buffer.concat(chunks).equals(content.subarray(start))).toBe(true)
    }
  })

  it('fails before the first byte when the streamed file is absent, and stops when aborted', async () => {
    await expect(fs.openRead(at('absent'), {})[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'ENOENT' })
    await writeFile(at('file'), Buffer.alloc(3_000_000))
    const controller = new AbortController()
    const reading = fs.openRead(at('file'), { signal: controller.signal })[Symbol.asyncIterator]()
    await reading.next()
    controller.abort(new Error('enough'))
    await expect(reading.next()).rejects.toThrow('enough')
  })
})

describe('writing', () => {
  it.each([true, false])('creates a file once, sync %s', async (sync) => {
    await fs.writeNew(at('file'), bytesOf('one'), { mode: 0o444, sync })
    expect((await stat(at('file'))).mode & 0o777).toBe(0o444)
    await expect(fs.writeNew(at('file'), bytesOf('two'), { mode: 0o444, sync })).rejects.toMatchObject({ code: 'EEXIST' })
    expect(await readFile(at('file'), 'utf8')).toBe('one')
    const large = Buffer.alloc(2_000_000, 'x')
    await fs.writeNew(at('large'), large, { mode: 0o644, sync })
    expect(large.equals(await readFile(at('large')))).toBe(true)
  })

  it('links once, renames, unlinks, touches', async () => {
    await writeFile(at('a'), 'a')
    await fs.link(at('a'), at('b'))
    await expect(fs.link(at('a'), at('b'))).rejects.toMatchObject({ code: 'EEXIST', syscall: 'link' })
    await fs.rename(at('b'), at('c'))
    await fs.unlink(at('a'))
    await expect(fs.unlink(at('a'))).rejects.toMatchObject({ code: 'ENOENT' })
    await fs.touch(at('c'), 1_700_000_000_123)
    expect((await stat(at('c'))).mtimeMs).toBeCloseTo(1_700_000_000_123, 0)
    expect(await fs.list(folder)).toEqual(['c'])
  })

  it.each([true, false])('makes folders with what is missing above them, sync %s', async (sync) => {
    await fs.makeFolder(at('a', 'b', 'c'), { mode: 0o700, sync })
    await fs.makeFolder(at('a', 'b', 'c'), { mode: 0o700, sync })
    expect((await stat(at('a', 'b', 'c'))).mode & 0o777).toBe(0o700)
    await writeFile(at('file'), '')
    await expect(fs.makeFolder(at('file'), { mode: 0o700, sync })).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(fs.makeFolder(at('file', 'below'), { mode: 0o700, sync })).rejects.toMatchObject({ code: 'ENOTDIR' })
  })

  it('syncs folders and files, absent files being done', async () => {
    await mkdir(at('folder'))
    await fs.syncFolder(at('folder'))
    await expect(fs.syncFolder(at('absent'))).rejects.toMatchObject({ code: 'ENOENT' })
    const paths = Array.from({ length: 100 }, (_, index) => at(`f${index}`))
    for (const path of paths) await writeFile(path, path)
    await fs.syncFiles([...paths, at('absent')])
    await fs.syncFiles([at('f1'), at('absent')])
  })
})

describe('waitForChange', () => {
  const never = (_: number, signal?: AbortSignal): Promise<void> =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => {
        reject(signal.reason as Error)
      })
    })

  it('resolves when something is created in the folder', async () => {
    const patient = createNodeStoreFs({ ...systemSources, sleep: never })
    const waiting = patient.waitForChange(folder, { atMostMs: 1 })
    await writeFile(at('new'), '')
    await waiting
  })

  it('resolves after the time, also for a folder that is not there', async () => {
    const asked: number[] = []
    const hasty = createNodeStoreFs({
      ...systemSources,
      sleep: (delayMs) => {
        asked.push(delayMs)
        return Promise.resolve()
      }
    })
    await hasty.waitForChange(folder, { atMostMs: 250 })
    await hasty.waitForChange(at('absent'), { atMostMs: 300 })
    expect(asked).toEqual([250, 300])
  })

  it('rejects with the reason of the signal, before and while it waits', async () => {
    const reason = new Error('enough')
    await expect(fs.waitForChange(folder, { atMostMs: 60_000, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const waiting = fs.waitForChange(folder, { atMostMs: 60_000, signal: controller.signal })
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
  })
})
