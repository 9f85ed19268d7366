import { mkdtemp, readFile, readdir, rm, writeFile, mkdir, chmod, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openLocalBackend } from '../../../src/backends/local/open-local.js'
import { isStemmaError } from '../../../src/errors/stemma-error.js'
import { DEFAULT_POLICY } from '../../../src/schemas/policy.js'
import { fixedSources, START_MS } from '../../support/fixed-sources.js'
import { failure, logVersion, numberOf } from '../conformance/fixtures.js'
import { createFaultDisk } from '../fault-fs.js'

let folder: string
let root: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-open-'))
  root = join(folder, 'deep', 'store')
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('a new store', () => {
  it('has its layout, is closed to git, and says what it is', async () => {
    await (await openLocalBackend({ root })).close()
    expect((await readdir(root)).sort()).toEqual(['.gitignore', 'blobs', 'models', 'store.json', 'tmp', 'trash', 'uploads'])
    expect(await readFile(join(root, '.gitignore'), 'utf8')).toBe('*\n')
    const file = JSON.parse(await readFile(join(root, 'store.json'), 'utf8')) as unknown
    expect(file).toMatchObject({ format: 1, publish: 'link', policy: DEFAULT_POLICY })
    expect((await stat(join(root, 'tmp'))).mode & 0o777).toBe(0o700)
    expect(await readdir(join(root, 'tmp'))).toEqual([])
  })

  it('is not made when that was not asked for', async () => {
    await failure(openLocalBackend({ root, create: false }), 'REGISTRY_UNAVAILABLE')
    await expect(readdir(root)).rejects.toThrow('ENOENT')
  })

  it('is not made in a folder with other things, which stays as it is', async () => {
    await mkdir(root, { recursive: true })
    await writeFile(join(root, 'thesis.tex'), 'x')
    const error = await failure(openLocalBackend({ root }), 'STORE_INVALID')
    expect(error.message).toContain('thesis.tex')
    expect(await readdir(root)).toEqual(['thesis.tex'])
  })

  it('is finished when its making was cut off', async () => {
    await mkdir(join(root, 'blobs'), { recursive: true })
    await writeFile(join(root, '.gitignore'), '*\n')
    const backend = await openLocalBackend({ root })
    expect((await logVersion(backend, 'm')).version).toBe('1.0.0')
    await backend.close()
  })

  it('renames folders where there are no hard links, and says so', async () => {
    const sources = fixedSources()
    const { fs } = createFaultDisk().mount({ now: () => START_MS, hasLinks: false })
    const backend = await openLocalBackend({ root: '/store', fs, sources })
    await logVersion(backend, 'm')
    expect(Buffer.from((await fs.readFile('/store/store.json')) ?? '').toString()).toContain('"publish": "rename"')
    expect(await fs.list('/store/models/m/log')).toEqual(['00000000000000000000.json'])
    expect(await fs.list('/store/models/m/log/00000000000000000000.json')).toEqual(['content.json'])
    expect(await fs.list('/store/tmp')).toEqual([])
    expect((await backend.verify({}, {})).problems).toEqual([])
  })

  it('leaves the store of a process that can make links, while this one cannot', async () => {
    const disk = createFaultDisk()
    const { fs } = disk.mount({ now: () => START_MS, hasLinks: false })
    const overtaken = {
      ...fs,
      async rename(from: string, to: string) {
        await fs.rename(from, to)
        if (to !== '/store/created') return
        await logVersion(await openLocalBackend({ root: '/store', fs: disk.mount({ now: () => START_MS }).fs, sources: fixedSources({ seed: 2 }) }), 'm')
      }
    }
    const backend = await openLocalBackend({ root: '/store', fs: overtaken, sources: fixedSources() })
    expect(Buffer.from((await fs.readFile('/store/store.json')) ?? '').toString()).toContain('"publish": "link"')
    expect(await numberOf(backend, 'm@latest')).toBe('1.0.0')
    expect(await fs.list('/store/tmp')).toEqual([])
  })

  it('is UNSUPPORTED where there are no hard links, and a rename replaces what is there', async () => {
    const sources = fixedSources()
    const { fs } = createFaultDisk().mount({ now: () => START_MS, hasLinks: false })
    const replacing = {
      ...fs,
      async rename(from: string, to: string) {
        for (const name of await fs.list(to)) await fs.unlink(`${to}/${name}`)
        await fs.rename(from, to)
      }
    }
    const error = await failure(openLocalBackend({ root: '/store', fs: replacing, sources }), 'UNSUPPORTED')
    expect(error.message).toContain('EPERM')
    expect(await fs.list('/store/tmp')).toEqual([])
    expect(fs.exists('/store/store.json')).toBe(false)
  })

  it('sweeps folders that a writer left behind before it could rename them', async () => {
    const sources = fixedSources()
    const { fs } = createFaultDisk().mount({ now: () => sources.now(), hasLinks: false })
    const backend = await openLocalBackend({ root: '/store', fs, sources })
    await fs.makeFolder('/store/tmp/cafe-1-left', { mode: 0o700, sync: false })
    await fs.writeNew('/store/tmp/cafe-1-left/content.json', Buffer.from('{}'), { mode: 0o444, sync: false })
    sources.moveTo(START_MS + 30 * 86_400_000)
    await backend.collectGarbage({ dryRun: false, graceMs: 604_800_000 }, {})
    expect(await fs.list('/store/tmp')).toEqual([])
  })

  it.each([true, false])('has one maker, whose rules hold, when many make it at the same time (hard links: %s)', async (hasLinks) => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const disk = createFaultDisk()
      const attempts = Array.from({ length: 6 }, async (_, index) => {
        const sources = fixedSources({ seed: seed * 100 + index })
        // Lets the makers overtake each other differently each time.
        const schedule = (): Promise<void> => sources.sleep((sources.randomBytes(1)[0] ?? 0) % 2)
        const { fs } = disk.mount({ now: () => START_MS, schedule, hasLinks })
        const policy = { ...DEFAULT_POLICY, reasonRequiredFor: index % 2 === 0 ? [] : ['production'] }
        return openLocalBackend({ root: '/store', fs, sources, policy })
      })
      const settled = await Promise.allSettled(attempts)
      const { fs } = disk.mount({ now: () => START_MS, hasLinks })
      const { policy } = await openLocalBackend({ root: '/store', fs, sources: fixedSources() })
      for (const result of settled) {
        if (result.status === 'fulfilled') expect(result.value.policy).toEqual(policy)
        else expect(isStemmaError(result.reason, 'CONFLICT')).toBe(true)
      }
      expect(settled.filter((result) => result.status === 'fulfilled')).toHaveLength(3)
    }
  })
})

describe('a store that is there', () => {
  it('keeps its rules, and refuses others by saying which differ', async () => {
    const policy = { ...DEFAULT_POLICY, stages: [...DEFAULT_POLICY.stages, 'shadow'] }
    await (await openLocalBackend({ root, policy })).close()
    expect((await openLocalBackend({ root })).policy).toEqual(policy)
    expect((await openLocalBackend({ root, policy })).policy).toEqual(policy)
    const error = await failure(openLocalBackend({ root, policy: DEFAULT_POLICY }), 'CONFLICT')
    expect(error.message).toContain('shadow')
  })

  it('of a newer format is FORMAT_TOO_NEW, a damaged one STORE_INVALID; both stay untouched', async () => {
    await (await openLocalBackend({ root })).close()
    const path = join(root, 'store.json')
    const file = JSON.parse(await readFile(path, 'utf8')) as object
    await chmod(path, 0o644)
    for (const [text, code] of [
      [JSON.stringify({ ...file, format: 2 }), 'FORMAT_TOO_NEW'],
      [JSON.stringify({ ...file, publish: 'rename-folder' }), 'UNSUPPORTED'],
      ['{"format": 1}', 'STORE_INVALID'],
      ['{"format": 1', 'STORE_INVALID'],
      ['', 'STORE_INVALID']
    ] as const) {
      await writeFile(path, text)
      await failure(openLocalBackend({ root }), code)
      expect(await readFile(path, 'utf8')).toBe(text)
    }
  })

  it('without its store.json is STORE_INVALID once it has models', async () => {
    const backend = await openLocalBackend({ root })
    await logVersion(backend, 'm')
    await backend.close()
    await rm(join(root, 'store.json'))
    await failure(openLocalBackend({ root }), 'STORE_INVALID')
    expect(await readdir(join(root, 'models'))).toEqual(['m'])
  })

  it('can be read where nothing can be written', async () => {
    const sources = fixedSources()
    const disk = createFaultDisk()
    await logVersion(await openLocalBackend({ root: '/store', fs: disk.mount({ now: () => START_MS }).fs, sources }), 'm')
    const writes = new Set(['open', 'write', 'fsync', 'link', 'rename', 'unlink', 'mkdir', 'utimes'])
    const { fs } = disk.mount({
      now: () => START_MS,
      fault: (_, operation) => (writes.has(operation) ? { kind: 'error', code: 'EROFS', acts: false } : undefined)
    })
    const backend = await openLocalBackend({ root: '/store', fs, sources })
    expect(await numberOf(backend, 'm')).toBe('1.0.0')
    expect((await backend.verify({}, {})).ok).toBe(true)
    await failure(logVersion(backend, 'm'), 'READ_ONLY')
  })
})
