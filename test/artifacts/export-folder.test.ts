import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exportTo, type ExportRequest } from '../../src/artifacts/export-folder.js'
import { nodeStoreFs } from '../../src/io/node-store-fs.js'
import { artifactOf, piecesOf, sampleVersion } from './sample-version.js'
import { temporaryFolder, writeFiles } from './temporary-folder.js'

const FILES = { 'model.onnx': 'weights', 'tokenizer/vocab.txt': 'a\n' }

function request(directory: string, more: Partial<ExportRequest> = {}): ExportRequest {
  return { ...sampleVersion(FILES), directory, ...more }
}

describe('exportTo', () => {
  it('writes a version into a new folder, below folders that are missing, and leaves nothing beside it', async () => {
    const directory = temporaryFolder()
    const { dir, paths } = await exportTo('models/credit', request(directory))
    expect(dir).toBe(join(directory, 'models/credit'))
    expect(paths).toEqual(Object.keys(FILES))
    for (const [path, content] of Object.entries(FILES)) expect(readFileSync(join(dir, path), 'utf8')).toBe(content)
    expect(readdirSync(join(directory, 'models'))).toEqual(['credit'])
    expect(lstatSync(join(dir, 'model.onnx')).mode & 0o200).toBe(0o200)
  })

  it('takes an empty folder', async () => {
    const directory = temporaryFolder()
    mkdirSync(join(directory, 'out'))
    await exportTo('out', request(directory))
    expect(readdirSync(join(directory, 'out')).sort()).toEqual(['model.onnx', 'tokenizer'])
  })

  it('refuses what is not empty, and replaces it as a whole with overwrite', async () => {
    const directory = temporaryFolder()
    writeFiles(directory, { 'out/old.txt': 'old' })
    await expect(exportTo('out', request(directory))).rejects.toMatchObject({ code: 'DESTINATION_EXISTS', details: { path: join(directory, 'out') } })
    expect(readdirSync(join(directory, 'out'))).toEqual(['old.txt'])
    await exportTo('out', request(directory, { overwrite: true }))
    expect(readdirSync(join(directory, 'out')).sort()).toEqual(['model.onnx', 'tokenizer'])
    expect(readdirSync(directory)).toEqual(['out'])
  })

  it('puts back what was there when the disk fails at the last step', async () => {
    const directory = temporaryFolder()
    writeFiles(directory, { 'out/old.txt': 'old' })
    const failed = Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'fsync' })
    const failing = { ...nodeStoreFs, syncFolder: (path: string) => (path === directory ? Promise.reject(failed) : nodeStoreFs.syncFolder(path)) }
    await expect(exportTo('out', request(directory, { overwrite: true, fs: failing }))).rejects.toMatchObject({ code: 'IO' })
    expect(readdirSync(join(directory, 'out'))).toEqual(['old.txt'])
    await expect(exportTo('new', request(directory, { fs: failing }))).rejects.toMatchObject({ code: 'IO' })
    expect(readdirSync(directory)).toEqual(['out'])
  })

  it('never replaces a file, a link, the working folder, a repository or a registry', async () => {
    const directory = temporaryFolder()
    writeFiles(directory, { file: 'x', 'project/.git/HEAD': 'x', 'registry/store.json': '{}', 'home/work/x': '1' })
    symlinkSync('home', join(directory, 'link'))
    for (const into of ['file', 'link', 'project', 'registry', '.', '..']) {
      await expect(exportTo(into, request(directory, { overwrite: true }))).rejects.toMatchObject({ code: 'DESTINATION_EXISTS' })
    }
    await expect(exportTo('../../home', request(join(directory, 'home/work'), { overwrite: true }))).rejects.toMatchObject({ code: 'DESTINATION_EXISTS' })
    expect(readdirSync(directory).sort()).toEqual(['file', 'home', 'link', 'project', 'registry'])
  })

  it('writes nothing into a registry, and replaces nothing that holds one', async () => {
    const directory = temporaryFolder()
    const store = { 'store.json': '{}', 'blobs/sha256/aa': 'x', 'models/m/log/0': '1' }
    writeFiles(join(directory, 'registry'), store)
    writeFiles(join(directory, 'holds/registry'), store)
    writeFiles(join(directory, 'holds-deep/a/kept'), store)
    writeFiles(directory, { 'outbox/id/queued.json': '{}', 'outbox/id/store/x': '', 'repository/.git/objects/x': '' })
    symlinkSync('registry', join(directory, 'link'))
    const keep = [join(directory, 'outbox'), join(directory, 'holds-deep/a/kept'), join(directory, 'not-yet')]
    const before = readdirSync(directory, { recursive: true }).sort()
    for (const into of [
      ...['registry/models', 'registry/blobs/sha256', 'registry/new/folder', 'link/models', 'link/new', 'holds', 'holds-deep', 'holds-deep/a'],
      ...['outbox', 'outbox/id', 'outbox/id/store', 'outbox/new', 'not-yet/new', 'repository/.git/objects']
    ]) {
      await expect(exportTo(into, request(directory, { overwrite: true, keep })), into).rejects.toMatchObject({ code: 'DESTINATION_EXISTS' })
    }
    expect(readdirSync(directory, { recursive: true }).sort()).toEqual(before)
  })

  it('leaves the old folder as it was, and nothing else, when the bytes are wrong or the call is aborted', async () => {
    const directory = temporaryFolder()
    writeFiles(directory, { 'out/old.txt': 'old' })
    const wrong = request(directory, { overwrite: true, fetch: () => piecesOf(Buffer.from('nonsense')) })
    await expect(exportTo('out', wrong)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
    const controller = new AbortController()
    const reason = new Error('enough')
    const aborted = request(directory, {
      overwrite: true,
      signal: controller.signal,
      fetch: () => {
        controller.abort(reason)
        return piecesOf(Buffer.from('x'))
      }
    })
    await expect(exportTo('out', aborted)).rejects.toBe(reason)
    expect(readdirSync(directory)).toEqual(['out'])
    expect(readFileSync(join(directory, 'out/old.txt'), 'utf8')).toBe('old')
  })

  it('refuses hostile lists before it writes', async () => {
    const directory = temporaryFolder()
    const artifacts = [artifactOf('../evil', Buffer.from('x'))]
    await expect(exportTo('out', request(directory, { artifacts }))).rejects.toMatchObject({ code: 'INVALID_PATH' })
    const others = [artifactOf('other', Buffer.from('x'))]
    await expect(exportTo('out', request(directory, { artifacts: others }))).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
    expect(readdirSync(directory)).toEqual([])
  })

  it('writes only what include matches, and environment files under .stemma', async () => {
    const directory = temporaryFolder()
    const version = sampleVersion(FILES)
    const lock = Buffer.from('{}')
    version.contents.set('.stemma/package-lock.json', lock)
    const { dir, paths } = await exportTo('out', { ...version, directory, include: ['*.onnx'], environmentFiles: [artifactOf('package-lock.json', lock)] })
    expect(paths).toEqual(['model.onnx', '.stemma/package-lock.json'])
    expect(existsSync(join(dir, 'tokenizer'))).toBe(false)
    expect(readFileSync(join(dir, '.stemma/package-lock.json'))).toEqual(lock)
  })

  it('copies blobs of this disk without linking them', async () => {
    const directory = temporaryFolder()
    writeFileSync(join(directory, 'blob'), 'weights')
    const version = sampleVersion({ 'model.onnx': 'weights' })
    const { dir } = await exportTo('out', { ...version, directory, localPath: () => join(directory, 'blob') })
    expect(version.calls).toEqual([])
    expect(lstatSync(join(dir, 'model.onnx')).nlink).toBe(1)
  })
})
