import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readdirSync, renameSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { StemmaError } from '../../src/errors/stemma-error.js'
import type { CopiedSource } from '../../src/io/store-fs.js'
import { nodeStoreFs as fs } from '../../src/io/node-store-fs.js'
import type { Progress } from '../../src/util/options.js'

let folder: string
const at = (...names: string[]): string => join(folder, ...names)
const target = (): string => at('target')
const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')
const options = { sync: false, mode: 0o444 }
const patterned = (length: number): Buffer => Buffer.alloc(length, createHash('sha512').update(String(length)).digest())

type FileSource = Extract<CopiedSource, { kind: 'file' }>

function fileSource(name: string, sizeBytes: number): FileSource {
  return { kind: 'file', label: name, path: at(name), sizeBytes }
}

async function makeSource(name: string, content: Uint8Array | string): Promise<FileSource> {
  await writeFile(at(name), content)
  return fileSource(name, Buffer.byteLength(content))
}

function streamOf(chunks: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>): CopiedSource {
  return { kind: 'stream', label: 'stream', stream: Readable.from(chunks) }
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-ingest-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('ingest', () => {
  it.each([0, 1, 4096, 1_048_575, 1_048_576, 1_048_577, 1_572_864, 20 * 1_048_576 + 13])('copies and hashes a file of %d bytes', async (size) => {
    const content = patterned(size)
    for (const sync of [true, false]) {
      const to = at(`target-${sync}`)
      const [ingested] = await fs.ingest([{ source: await makeSource('a', content), target: to }], { mode: 0o444, sync })
      expect(ingested).toEqual({ sha256: sha256(content), sizeBytes: size })
      expect(content.equals(await readFile(to))).toBe(true)
      expect((await stat(to)).mode & 0o777).toBe(0o444)
    }
  })

  it('keeps the order of many sources of all kinds, durable and not', async () => {
    const sources: { source: CopiedSource; content: Uint8Array }[] = []
    for (let index = 0; index < 150; index++) {
      const content = patterned(index === 70 ? 2_000_000 : index * 7)
      sources.push({ source: await makeSource(`f${index}`, content), content })
    }
    sources.splice(3, 0, { source: { kind: 'bytes', label: 'b', bytes: patterned(900) }, content: patterned(900) })
    sources.splice(9, 0, { source: streamOf([patterned(100), 'äöü', patterned(2_000_000)]), content: Buffer.concat([patterned(100), Buffer.from('äöü'), patterned(2_000_000)]) })
    sources.push({ source: { kind: 'bytes', label: 'B', bytes: patterned(3_000_000) }, content: patterned(3_000_000) })
    for (const sync of [true, false]) {
      const items = sources.map(({ source, content }, index) => ({
        source: source.kind === 'stream' ? streamOf([content]) : source,
        target: at(`t${index}-${sync}`)
      }))
      const ingested = await fs.ingest(items, { ...options, sync })
      expect(ingested).toEqual(sources.map(({ content }) => ({ sha256: sha256(content), sizeBytes: content.byteLength })))
      for (const [index, { content }] of sources.entries()) expect(sha256(await readFile(at(`t${index}-${sync}`)))).toBe(sha256(content))
    }
  })

  it('stores any stream of bytes and strings, however it is cut', async () => {
    const chunk = fc.oneof(fc.string({ unit: 'grapheme' }), fc.uint8Array({ maxLength: 50 }), fc.integer({ min: 0, max: 1_200_000 }).map(patterned))
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 6 }), async (chunks) => {
        const whole = Buffer.concat(chunks.map((part) => Buffer.from(part)))
        const to = at(`stream-${run++}`)
        const source: CopiedSource = { kind: 'stream', label: 's', stream: (async function* () { for (const part of chunks) yield await Promise.resolve(part) })() }
        const [ingested] = await fs.ingest([{ source, target: to }], options)
        expect(ingested).toEqual({ sha256: sha256(whole), sizeBytes: whole.byteLength })
        expect(whole.equals(await readFile(to))).toBe(true)
      }),
      { numRuns: 30 }
    )
  })

  it('is not misled by a producer that uses its memory again', async () => {
    const memory = new Uint8Array(300_000)
    async function* reuse(): AsyncGenerator<Uint8Array> {
      for (let turn = 0; turn < 8; turn++) yield await Promise.resolve(memory.fill(turn))
    }
    const [ingested] = await fs.ingest([{ source: { kind: 'stream', label: 's', stream: reuse() }, target: target() }], options)
    expect(ingested?.sha256).toBe(sha256(await readFile(target())))
    expect(ingested?.sizeBytes).toBe(2_400_000)
  })
})

describe('progress', () => {
  it('adds up over all sources and never goes back', async () => {
    const items = [
      { source: await makeSource('small', patterned(5000)), target: at('t1') },
      { source: await makeSource('large', patterned(3_000_000)), target: at('t2') },
      { source: { kind: 'bytes', label: 'bytes', bytes: patterned(70) } as const, target: at('t3') },
      { source: { ...fileSource('small', 4000) }, target: at('t4') }
    ]
    const events: Progress[] = []
    await fs.ingest(items, { ...options, onProgress: (event) => events.push(event) })
    const done = events.map((event) => event.doneBytes)
    expect(done).toEqual([...done].sort((a, b) => a - b))
    expect(events.at(-1)).toMatchObject({ phase: 'store', doneBytes: 3_010_070, totalBytes: 3_010_070 })
    expect(new Set(events.map((event) => event.path))).toEqual(new Set(['small', 'large', 'bytes']))
  })

  it('has no total when a stream is among the sources', async () => {
    const events: Progress[] = []
    await fs.ingest([{ source: streamOf(['abc']), target: target() }], { ...options, onProgress: (event) => events.push(event) })
    expect(events.at(-1)).toEqual({ phase: 'store', path: 'stream', doneBytes: 3, totalBytes: undefined })
  })

  it('passes on what the listener throws, and leaves no target', async () => {
    const failing = { ...options, onProgress: () => { throw new RangeError('mine') } }
    await expect(fs.ingest([{ source: await makeSource('a', 'x'), target: target() }], failing)).rejects.toThrow(RangeError)
    await expect(fs.ingest([{ source: await makeSource('b', patterned(3_000_000)), target: at('t2') }], failing)).rejects.toThrow(RangeError)
    expect(readdirSync(folder).sort()).toEqual(['a', 'b'])
  })
})

describe('a source that changes while it is read', () => {
  const size = 4_000_000
  const changes: Record<string, (path: string, turn: number) => void> = {
    grows: (path) => { appendFileSync(path, 'more') },
    shrinks: (path, turn) => { truncateSync(path, size - 10 - turn) },
    'is overwritten in place': (path, turn) => { writeFileSync(path, patterned(size).fill(turn)) },
    'gets another time': (path, turn) => { utimesSync(path, turn, turn) },
    'is replaced by a file that looks the same': (path, turn) => {
      writeFileSync(`${path}.${turn}`, patterned(size))
      renameSync(`${path}.${turn}`, path)
    },
    'is moved away': (path, turn) => {
      renameSync(path, `${path}.${turn}`)
      writeFileSync(path, patterned(size))
    }
  }

  it.each(Object.keys(changes))('always: an error that names it, when it %s', async (name) => {
    const source = await makeSource('changing', patterned(size))
    let turn = 0
    const onProgress = (): void => { changes[name]?.(at('changing'), ++turn) }
    const failure = await fs.ingest([{ source, target: target() }], { ...options, onProgress }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(StemmaError)
    expect(failure).toMatchObject({ code: 'SOURCE_CHANGED', details: { path: 'changing', attempts: 3 } })
    expect(readdirSync(folder)).not.toContain('target')
  })

  it.each(['grows', 'is overwritten in place', 'is replaced by a file that looks the same'])('once: is read again, when it %s', async (name) => {
    const source = await makeSource('changing', patterned(size))
    let changed = false
    const events: Progress[] = []
    const onProgress = (event: Progress): void => {
      events.push(event)
      if (changed) return
      changed = true
      changes[name]?.(at('changing'), 1)
    }
    const [ingested] = await fs.ingest([{ source, target: target() }], { ...options, onProgress })
    const now = await readFile(at('changing'))
    expect(ingested).toEqual({ sha256: sha256(now), sizeBytes: now.byteLength })
    expect(now.equals(await readFile(target()))).toBe(true)
    expect(events.at(-1)).toMatchObject({ doneBytes: now.byteLength, totalBytes: now.byteLength })
  })

  it('may have another size than when it was listed', async () => {
    await writeFile(at('a'), patterned(3_000_000))
    await writeFile(at('b'), patterned(10))
    const ingested = await fs.ingest([{ source: fileSource('a', 5), target: at('ta') }, { source: fileSource('b', 5_000_000), target: at('tb') }], options)
    expect(ingested.map(({ sizeBytes }) => sizeBytes)).toEqual([3_000_000, 10])
    expect(ingested.map(({ sha256: hex }) => hex)).toEqual([sha256(patterned(3_000_000)), sha256(patterned(10))])
  })
})

describe('a source that cannot be stored', () => {
  it.each([10, 5_000_000])('is refused when it is no regular file (listed with %d bytes)', async (sizeBytes) => {
    await symlink(at('elsewhere'), at('link'))
    await writeFile(at('elsewhere'), 'x')
    await mkdir(at('folder'))
    execFileSync('mkfifo', [at('fifo')])
    for (const [name, found] of [['link', 'a symbolic link'], ['folder', 'a folder'], ['fifo', 'a FIFO']] as const) {
      await expect(fs.ingest([{ source: fileSource(name, sizeBytes), target: target() }], options)).rejects.toMatchObject({
        code: 'SOURCE_UNSUPPORTED',
        details: { path: name, found }
      })
    }
    expect(readdirSync(folder)).not.toContain('target')
  })

  it('is reported when it is missing', async () => {
    await expect(fs.ingest([{ source: fileSource('absent', 1), target: target() }], options)).rejects.toMatchObject({
      code: 'SOURCE_UNREADABLE',
      details: { path: 'absent', systemCode: 'ENOENT' }
    })
  })

  it.skipIf(process.getuid?.() === 0)('is reported when access is denied (skipped for root, who is never denied)', async () => {
    const source = await makeSource('secret', 'x')
    await chmod(at('secret'), 0)
    await expect(fs.ingest([{ source, target: target() }], options)).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE', details: { systemCode: 'EACCES' } })
  })

  it('is reported with its cause when a stream fails or gives no bytes', async () => {
    const cause = new Error('connection lost')
    async function* failing(): AsyncGenerator<string> {
      yield await Promise.resolve('x')
      throw cause
    }
    const source: CopiedSource = { kind: 'stream', label: 'weights', stream: failing() }
    await expect(fs.ingest([{ source, target: target() }], options)).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE', cause, details: { path: 'weights' } })
    // A Readable may give anything, whatever its type says.
    const numbers: CopiedSource = { kind: 'stream', label: 'numbers', stream: Readable.from([1, 2]) }
    await expect(fs.ingest([{ source: numbers, target: target() }], options)).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' })
    expect(readdirSync(folder)).toEqual([])
  })

  it('passes errors of stemma from a stream through', async () => {
    const error = new StemmaError('BLOB_MISSING', 'gone')
    // eslint-disable-next-line @typescript-eslint/require-await
    async function* failing(): AsyncGenerator<string> { throw error }
    await expect(fs.ingest([{ source: { kind: 'stream', label: 's', stream: failing() }, target: target() }], options)).rejects.toBe(error)
  })
})

describe('moveTo', () => {
  const makeMany = (count: number) =>
    Promise.all(Array.from({ length: count }, async (_, index) => ({ source: await makeSource(`s${index}`, `${index % 500}`), target: at(`t${index}`) })))

  it('gives targets the names of their digests where those are free, and says which', async () => {
    const items = await makeMany(600)
    mkdirSync(at('moved'))
    const ingested = await fs.ingest(items, { ...options, moveTo: at('moved') })
    const moved = ingested.filter(({ isMoved }) => isMoved)
    expect(moved).toHaveLength(500)
    expect(new Set(readdirSync(at('moved')))).toEqual(new Set(moved.map(({ sha256: hex }) => hex)))
    for (const [index, { sha256: hex, isMoved }] of ingested.entries()) {
      expect(existsSync(at(`t${index}`))).toBe(isMoved !== true)
      expect(await readFile(at('moved', hex), 'utf8')).toBe(`${index % 500}`)
    }
  })

  it('moves nothing with a sync to wait for, and nothing where it cannot', async () => {
    const items = await makeMany(2)
    mkdirSync(at('moved'))
    const synced = await fs.ingest(items, { ...options, sync: true, moveTo: at('moved') })
    expect(synced.map(({ isMoved }) => isMoved)).toEqual([undefined, undefined])
    expect(readdirSync(at('moved'))).toEqual([])
    const others = items.map(({ source, target: path }) => ({ source, target: `${path}-again` }))
    const kept = await fs.ingest(others, { ...options, moveTo: at('nowhere') })
    expect(kept.map(({ isMoved }) => isMoved)).toEqual([undefined, undefined])
    expect(await readFile(at('t1-again'), 'utf8')).toBe('1')
  })

  it('removes the targets that were not moved when the call fails', async () => {
    mkdirSync(at('moved'))
    const items = [
      { source: await makeSource('a', 'same'), target: at('t1') },
      { source: await makeSource('b', 'same'), target: at('t2') },
      { source: { kind: 'file' as const, label: 'gone', path: at('gone'), sizeBytes: 1 }, target: at('t3') }
    ]
    await expect(fs.ingest(items, { ...options, moveTo: at('moved') })).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' })
    expect(readdirSync(folder).sort()).toEqual(['a', 'b', 'moved'])
  })
})

describe('headBytes', () => {
  it('gives so many first bytes of a small file, in memory of their own', async () => {
    const source = await makeSource('a', 'first bytes')
    const other = await makeSource('b', 'other content')
    const [first, second, none] = await fs.ingest(
      [
        { source: { ...source, headBytes: 5 }, target: at('t1') },
        { source: { ...other, headBytes: 512 }, target: at('t2') },
        { source: other, target: at('t3') }
      ],
      options
    )
    expect(Buffer.from(first?.head ?? []).toString()).toBe('first')
    expect(Buffer.from(second?.head ?? []).toString()).toBe('other content')
    expect(none?.head).toBeUndefined()
  })
})

describe('failures', () => {
  it('rejects with the error of the system when a target is taken, leaves it alone, and removes the others', async () => {
    await writeFile(at('t2'), 'mine')
    const items = [
      { source: await makeSource('a', 'a'), target: at('t1') },
      { source: await makeSource('b', 'b'), target: at('t2') },
      { source: { kind: 'bytes', label: 'c', bytes: patterned(5) } as const, target: at('t3') }
    ]
    await expect(fs.ingest(items, options)).rejects.toMatchObject({ code: 'EEXIST' })
    expect(readdirSync(folder).sort()).toEqual(['a', 'b', 't2'])
    expect(await readFile(at('t2'), 'utf8')).toBe('mine')
  })

  it('removes all targets when a later source fails', async () => {
    const items = [
      { source: await makeSource('a', patterned(2_000_000)), target: at('t1') },
      { source: await makeSource('b', 'b'), target: at('t2') },
      { source: { kind: 'stream', label: 's', stream: Readable.from(['x', 'y']).destroy(new Error('no')) } as const, target: at('t3') }
    ]
    await expect(fs.ingest(items, { ...options, sync: true })).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' })
    expect(readdirSync(folder).sort()).toEqual(['a', 'b'])
  })

  it('leaves no target when aborted before, in the middle, or while a stream has nothing to give', async () => {
    const reason = new Error('enough')
    const source = await makeSource('a', patterned(5_000_000))
    await expect(fs.ingest([{ source, target: target() }], { ...options, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)

    const middle = new AbortController()
    const onProgress = (): void => { middle.abort(reason) }
    await expect(fs.ingest([{ source, target: target() }], { ...options, signal: middle.signal, onProgress })).rejects.toBe(reason)

    const silent = new AbortController()
    let stopped = false
    const stream: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          queueMicrotask(() => { silent.abort(reason) })
          return new Promise(() => undefined)
        },
        return: () => {
          stopped = true
          return Promise.resolve({ done: true, value: undefined })
        }
      })
    }
    const waiting = fs.ingest([{ source: { kind: 'stream', label: 's', stream }, target: target() }], { ...options, signal: silent.signal })
    await expect(waiting).rejects.toBe(reason)
    expect(stopped).toBe(true)
    expect(readdirSync(folder)).toEqual(['a'])
  })
})

describe('hash', () => {
  it('hashes what is there, in order, and tells what is absent', async () => {
    const sizes = [0, 1, 1_048_575, 1_048_576, 9_000_001]
    for (const size of sizes) await writeFile(at(`f${size}`), patterned(size))
    const events: Progress[] = []
    const found = await fs.hash([...sizes.map((size) => at(`f${size}`)), at('absent')], { onProgress: (event) => events.push(event) })
    expect(found).toEqual([...sizes.map((size) => sha256(patterned(size))), undefined])
    const total = sizes.reduce((a, b) => a + b)
    expect(events.at(-1)).toMatchObject({ phase: 'hash', doneBytes: total, totalBytes: total })
  })

  it('stops when aborted', async () => {
    await writeFile(at('large'), patterned(20_000_000))
    const controller = new AbortController()
    const reason = new Error('enough')
    const hashing = fs.hash([at('large')], { signal: controller.signal, onProgress: () => { controller.abort(reason) } })
    await expect(hashing).rejects.toBe(reason)
  })

  it('hashes what is there of a file that changes meanwhile', async () => {
    await writeFile(at('large'), patterned(12_000_000))
    let cut = false
    const onProgress = (): void => {
      if (!cut) truncateSync(at('large'), 11_000_000)
      cut = true
    }
    const [found] = await fs.hash([at('large')], { onProgress })
    expect([sha256(patterned(12_000_000)), sha256(await readFile(at('large')))]).toContain(found)
  })
})
