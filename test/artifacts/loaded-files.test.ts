import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadedFiles } from '../../src/artifacts/loaded-files.js'
import { temporaryFolder, writeFiles } from './temporary-folder.js'

describe('loadedFiles', () => {
  const FILES = { 'model.onnx': 'weights', 'tokenizer/vocab.txt': 'a\n' }

  it('opens artifacts by name', async () => {
    const folder = temporaryFolder()
    writeFiles(folder, { ...FILES, 'other.txt': 'not of the version' })
    const files = loadedFiles(folder, Object.keys(FILES))
    expect(files.path('tokenizer/vocab.txt')).toBe(join(folder, 'tokenizer/vocab.txt'))
    expect(Buffer.from(await files.read('model.onnx')).toString()).toBe('weights')
    const chunks: Uint8Array[] = []
    for await (const chunk of files.stream('model.onnx', { start: 3 })) chunks.push(chunk)
    expect(Buffer.concat(chunks).toString()).toBe('ghts')
  })

  it.each(['other.txt', '../x', '/etc/hostname', 'tokenizer', '', '__proto__', './model.onnx'])('knows nothing called %j', async (name) => {
    const folder = temporaryFolder()
    writeFiles(folder, { ...FILES, 'other.txt': 'x' })
    const files = loadedFiles(folder, Object.keys(FILES))
    const unknown = expect.objectContaining({ code: 'NOT_FOUND' }) as Error
    expect(() => files.path(name)).toThrow(unknown)
    expect(() => files.stream(name)).toThrow(unknown)
    await expect(files.read(name)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('names the nearest artifacts', () => {
    const files = loadedFiles('/x', ['model.onnx', 'tokenizer/vocab.txt', 'config.json'])
    expect(() => files.path('model.onx')).toThrow('no artifact "model.onx" was loaded; the nearest are model.onnx')
    expect(() => files.path('vocab.txt')).toThrow('the nearest are tokenizer/vocab.txt')
    expect(() => files.path('zzzzzzzzzz')).toThrow('there are model.onnx, tokenizer/vocab.txt, config.json')
  })

  it('says so when the file has gone since', async () => {
    const folder = temporaryFolder()
    writeFiles(folder, FILES)
    const files = loadedFiles(folder, Object.keys(FILES))
    rmSync(join(folder, 'model.onnx'))
    await expect(files.read('model.onnx')).rejects.toMatchObject({ code: 'IO', details: { path: 'model.onnx' } })
  })
})
