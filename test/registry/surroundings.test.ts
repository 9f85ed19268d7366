import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { all, errorOf, logSmall, temporaryFolder, testRegistry } from '../support/test-registry.js'

describe('a working folder that was removed', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('stops only what needs it, with a typed error', async () => {
    const registry = await testRegistry(join(temporaryFolder(), 'store'))
    await logSmall(registry, 'm', 'x')
    const into = join(temporaryFolder(), 'copy')
    // Workers of vitest cannot change their working folder.
    vi.spyOn(process, 'cwd').mockImplementation(() => {
      throw Object.assign(new Error('ENOENT: no such file or directory, uv_cwd'), { code: 'ENOENT', syscall: 'uv_cwd' })
    })
    expect(Buffer.from(await (await registry.getModel('m')).read('model.bin')).toString()).toBe('x')
    expect(await all(registry.search())).toHaveLength(1)
    expect((await errorOf(logSmall(registry, 'm', 'y'))).code).toBe('IO')
    expect((await errorOf(registry.getModel('m', { into }))).message).toContain('working folder')
  })
})

describe('one signal for many calls', () => {
  it('is no leak of listeners', async () => {
    const warned = vi.fn()
    process.on('warning', warned)
    const registry = await testRegistry(join(temporaryFolder(), 'store'))
    await logSmall(registry, 'm', 'x'.repeat(10_000))
    const { signal } = new AbortController()
    const folder = mkdtempSync(join(tmpdir(), 'stemma-many-'))
    await Promise.all(Array.from({ length: 30 }, (_, index) => registry.getModel('m', { into: join(folder, String(index)), signal })))
    await new Promise(setImmediate)
    process.off('warning', warned)
    rmSync(folder, { recursive: true })
    expect(warned).not.toHaveBeenCalled()
  })
})

/** Logs as a program without types can: anything. */
function untyped(registry: object, input: unknown): unknown {
  const logModel: unknown = Reflect.get(registry, 'logModel')
  if (typeof logModel !== 'function') throw new TypeError('there is no logModel')
  return Reflect.apply(logModel, registry, [input])
}

describe('a stream that is none', () => {
  it.each([
    ['gives no iterator', { [Symbol.asyncIterator]: () => { throw new Error('broken') } }],
    ['gives an iterator without next', { [Symbol.asyncIterator]: () => ({}) }],
    ['gives null', { [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve(null) }) }],
    ['gives numbers', { [Symbol.asyncIterator]: () => Readable.from([1, 2])[Symbol.asyncIterator]() }]
  ].flatMap(([what, stream]) => ['memory:', 'folder'].map((kind) => ({ what, stream, kind }))))('$what: SOURCE_UNREADABLE in $kind', async ({ stream, kind }) => {
    const registry = await testRegistry(kind === 'folder' ? join(temporaryFolder(), 'store') : kind)
    const input = { name: 'm', artifacts: Object.fromEntries([['model.bin', stream]]), capture: false }
    const error = await errorOf(Promise.resolve(untyped(registry, input)))
    expect(error.code).toBe('SOURCE_UNREADABLE')
    expect(await all(registry.models())).toEqual([])
  })
})

describe('texts that no file and no record can hold', () => {
  it('are refused as a destination', async () => {
    const registry = await testRegistry()
    await logSmall(registry, 'm', 'x')
    expect((await errorOf(registry.getModel('m', { into: 'a\0b' }))).code).toBe('INVALID_INPUT')
  })

  it.each(['\ud800', 'x'.repeat(65), '', 'a\u0000b', 'a b'])('are refused as a format: %j', async (format) => {
    const registry = await testRegistry()
    const artifacts = [{ path: 'model.bin', content: 'x', format }]
    expect((await errorOf(registry.logModel({ name: 'm', artifacts, capture: false }))).code).toBe('INVALID_INPUT')
  })

  it('are refused as the name of a tag', async () => {
    const registry = await testRegistry()
    await logSmall(registry, 'm', 'x')
    const tags: Record<string, string> = Object.fromEntries([['__proto__', 'x']])
    expect((await errorOf(registry.updateMetadata('m', { tags }))).code).toBe('INVALID_METADATA')
  })
})
