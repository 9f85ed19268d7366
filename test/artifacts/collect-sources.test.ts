import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { ArtifactsInput } from '../../src/artifacts/artifacts-input.js'
import { collectSources } from '../../src/artifacts/collect-sources.js'
import type { SymlinkPolicy } from '../../src/artifacts/inspect-source.js'
import { temporaryFolder, writeFiles } from './temporary-folder.js'

async function pathsOf(input: ArtifactsInput, directory: string, symlinks?: SymlinkPolicy): Promise<string[]> {
  return (await collectSources(input, { directory, symlinks })).map(({ path }) => path)
}

describe('what a path means', () => {
  it('a file: its base name', async () => {
    const folder = temporaryFolder()
    writeFiles(folder, { 'out/model.onnx': 'weights' })
    expect(await collectSources('out/model.onnx', { directory: folder })).toEqual([
      {
        path: 'model.onnx',
        source: { kind: 'file', label: 'model.onnx', path: join(folder, 'out/model.onnx'), sizeBytes: 7 },
        format: 'onnx',
        role: undefined
      }
    ])
  })

  it('a folder: the paths inside it, sorted, hidden files too, without version control and stores', async () => {
    const folder = temporaryFolder()
    writeFiles(folder, {
      'b/c.txt': '', 'a.txt': '', '.hidden': '', 'b/.config/x': '', '.git/HEAD': '', 'sub/.hg/x': '', '.svn/x': '', '.stemma/lock': '',
      'registry/store.json': '{}', 'registry/blobs/sha256/0': '', 'registry/models/x': '', 'lookalike/store.json': '{}'
    })
    expect(await pathsOf('.', folder)).toEqual(['.hidden', 'a.txt', 'b/.config/x', 'b/c.txt', 'lookalike/store.json'])
  })

  it('a list: base names, entries with their own paths, folders with a path in front', async () => {
    const folder = temporaryFolder()
    writeFiles(folder, { 'out/model.bin': 'x', 'tokenizer/vocab.txt': '', 'tokenizer/deep/merges.txt': '', 'readme.md': '' })
    const collected = await collectSources(
      ['readme.md', { source: 'out/model.bin', path: 'weights/a.bin', role: 'weights', format: 'custom' }, { source: 'tokenizer', path: 'tok' }],
      { directory: folder }
    )
    expect(collected.map(({ path }) => path)).toEqual(['readme.md', 'tok/deep/merges.txt', 'tok/vocab.txt', 'weights/a.bin'])
    expect(collected[3]).toMatchObject({ role: 'weights', format: 'custom' })
  })

  it('a list: contents in memory with role and format, beside files', async () => {
    const folder = temporaryFolder()
    writeFiles(folder, { 'model.bin': 'x' })
    const input: ArtifactsInput = [
      { path: 'labels.dat', content: 'ham\nspam\n', role: 'config', format: 'text' },
      'model.bin',
      { path: 'scaler.json', content: Buffer.from('{}') },
      { path: 'z.bin', content: Readable.from(['a']), role: undefined }
    ]
    const collected = await collectSources(input, { directory: folder })
    expect(collected.map(({ path, role, format, source }) => [path, role, format, source.kind])).toEqual([
      ['labels.dat', 'config', 'text', 'bytes'],
      ['model.bin', undefined, expect.any(String), 'file'],
      ['scaler.json', undefined, 'json', 'bytes'],
      ['z.bin', undefined, undefined, 'stream']
    ])
  })

  it('an object: contents by path', async () => {
    const stream = Readable.from(['a'])
    const collected = await collectSources({ 'b.json': '{"ä":1}', 'a.bin': Buffer.from('x'), 'c/d': stream }, { directory: '/' })
    expect(collected.map(({ path, source }) => [path, source.kind])).toEqual([['a.bin', 'bytes'], ['b.json', 'bytes'], ['c/d', 'stream']])
    expect(collected[1]?.source).toMatchObject({ bytes: new TextEncoder().encode('{"ä":1}') })
  })
})

describe('what is refused', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined], ['null', null], ['a number', 1], ['an empty text', ''], ['an empty list', []], ['an empty object', {}],
    ['bytes without a path', Buffer.from('x')], ['a stream without a path', Readable.from([])], ['a list of numbers', [1]],
    ['an entry with an unknown field', [{ source: 'x', name: 'y' }]], ['an entry outside a list', { source: 'x' }], ['a number as content', { a: 1 }],
    ['half a surrogate pair', { a: 'x\ud800' }], ['half a surrogate pair in a list', [{ path: 'a', content: 'x\ud800' }]],
    ['content without a path', [{ content: 'x' }]], ['content and a source', [{ source: 'x', path: 'a', content: 'x' }]],
    ['an empty source', [{ source: '' }]], ['a number as content in a list', [{ path: 'a', content: 1 }]], ['an entry of neither', [{ path: 'a' }]],
    ['an unknown role', [{ path: 'a', content: '', role: 'weight' }]]
  ])('%s: INVALID_INPUT', async (_, input) => {
    await expect(Reflect.apply(collectSources, undefined, [input, { directory: '/' }])).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  it.each([
    [[{ source: 'x', name: 'y' }], 'source, path, role, format'],
    [[{ path: 'a', content: 'x', mode: 1 }], 'path, content, role, format']
  ])('unknown fields of an entry %j, with those that are known', async (input, known) => {
    const failure: unknown = Reflect.apply(collectSources, undefined, [input, { directory: '/' }])
    await expect(failure).rejects.toMatchObject({ code: 'INVALID_INPUT', hint: `Known fields are ${known}.` })
  })

  it('an empty folder', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'only/folders'), { recursive: true })
    await expect(collectSources('.', { directory: folder })).rejects.toMatchObject({ code: 'INVALID_INPUT', details: { path: folder } })
  })

  it('a missing file, with its absolute path and what to do', async () => {
    const folder = temporaryFolder()
    const failure = collectSources('model.onnx', { directory: folder })
    await expect(failure).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE', message: `${folder}/model.onnx does not exist` })
    await expect(failure).rejects.toHaveProperty('hint', expect.stringContaining('relative paths start at'))
  })

  it('two sources of one name, naming both', async () => {
    const folder = temporaryFolder()
    writeFiles(folder, { 'a/model.bin': '', 'b/model.bin': '' })
    await expect(collectSources(['a/model.bin', 'b/model.bin'], { directory: folder })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { path: 'model.bin', sources: [join(folder, 'a/model.bin'), join(folder, 'b/model.bin')] }
    })
  })

  it.each(['../x', '/x', 'a:b', 'nul.txt', 'a/', '.stemma/x'])('the logical path %j', async (path) => {
    await expect(collectSources({ [path]: 'x' }, { directory: '/' })).rejects.toMatchObject({ code: 'INVALID_PATH' })
  })

  it.runIf(process.platform === 'linux')('FIFOs, sockets and names that are not UTF-8', async () => {
    const folder = temporaryFolder()
    execFileSync('mkfifo', [join(folder, 'pipe')])
    await expect(collectSources('.', { directory: folder })).rejects.toMatchObject({ code: 'SOURCE_UNSUPPORTED', details: { kind: 'FIFO' } })
    const other = temporaryFolder()
    const server = createServer().listen(join(other, 'socket'))
    await new Promise((resolve) => server.once('listening', resolve))
    await expect(collectSources('.', { directory: other })).rejects.toMatchObject({ code: 'SOURCE_UNSUPPORTED', details: { kind: 'socket' } })
    server.close()
    const third = temporaryFolder()
    writeFileSync(Buffer.concat([Buffer.from(`${third}/caf`), Buffer.from([0xe9])]), 'x')
    await expect(collectSources('.', { directory: third })).rejects.toMatchObject({ code: 'INVALID_PATH' })
  })

  it.runIf(process.getuid?.() !== 0 && process.platform !== 'win32')('a folder that may not be read', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'closed'))
    chmodSync(join(folder, 'closed'), 0)
    await expect(collectSources('.', { directory: folder })).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' })
    chmodSync(join(folder, 'closed'), 0o700)
  })

  it('an aborted call, with its reason', async () => {
    const reason = new Error('enough')
    await expect(collectSources({ a: 'x' }, { directory: '/', signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
})

describe('symbolic links', () => {
  it('are refused unless they are to be followed', async () => {
    const folder = temporaryFolder()
    writeFiles(folder, { 'real/a.bin': 'x' })
    symlinkSync('real/a.bin', join(folder, 'link.bin'))
    for (const input of ['.', 'link.bin']) {
      await expect(collectSources(input, { directory: folder })).rejects.toMatchObject({ code: 'SOURCE_UNSUPPORTED', details: { kind: 'symbolic link' } })
    }
    expect(await pathsOf('.', folder, 'follow')).toEqual(['link.bin', 'real/a.bin'])
    const [link] = await collectSources('link.bin', { directory: folder, symlinks: 'follow' })
    expect(link).toMatchObject({ path: 'link.bin', source: { path: join(folder, 'real/a.bin') } })
  })

  it('to folders are followed inside', async () => {
    const folder = temporaryFolder()
    writeFiles(folder, { 'real/a.bin': 'x' })
    symlinkSync('real', join(folder, 'again'))
    expect(await pathsOf('.', folder, 'follow')).toEqual(['again/a.bin', 'real/a.bin'])
  })

  it.each(['..', '/etc/hostname', '../outside'])('that lead outside, to %s, are refused even then', async (target) => {
    const folder = temporaryFolder()
    writeFiles(folder, { 'inside/a.bin': 'x', outside: 'secret' })
    symlinkSync(target, join(folder, 'inside/link'))
    await expect(collectSources('inside', { directory: folder, symlinks: 'follow' })).rejects.toMatchObject({ code: 'SOURCE_UNSUPPORTED' })
  })

  it('that lead back, to themselves or nowhere are refused', async () => {
    for (const target of ['.', '../up', 'self', 'nowhere']) {
      const folder = temporaryFolder()
      writeFiles(folder, { 'up/a.bin': 'x' })
      symlinkSync(target, join(folder, 'up/self'))
      await expect(collectSources('.', { directory: folder, symlinks: 'follow' })).rejects.toMatchObject({
        code: expect.stringMatching(/^SOURCE_(UNSUPPORTED|UNREADABLE)$/) as string
      })
    }
  })
})

describe('formats', () => {
  it('are found by the first bytes where the name does not tell', async () => {
    const folder = temporaryFolder()
    writeFiles(folder, { weights: Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0]), 'note.txt': 'x' })
    const collected = await collectSources('.', { directory: folder })
    const byPath = new Map(collected.map(({ path, format }) => [path, format]))
    expect(byPath.get('weights')).not.toBe('binary')
  })
})
