import { describe, expect, it } from 'vitest'
import { detectFormat } from '../../src/artifacts/detect-format.js'
import { temporaryFolder, writeFiles } from './temporary-folder.js'

const PICKLE = Buffer.from([0x80, 4, 0x95, 1, 0, 0, 0, 0, 0, 0, 0, 0x4e, 0x2e])

describe('detectFormat', () => {
  it.each(['model.onnx', 'weights', 'weights.bin'])('finds a pickle under the name %s', (path) => {
    expect(detectFormat(path, { kind: 'bytes', label: path, bytes: PICKLE })).toBe('pickle')
    const folder = temporaryFolder()
    writeFiles(folder, { [path]: PICKLE })
    expect(detectFormat(path, { kind: 'file', label: path, path: `${folder}/${path}`, sizeBytes: PICKLE.byteLength })).toBe('pickle')
  })

  it('leaves a stream for later, so that the same bytes get the same label from wherever they come', () => {
    const stream = { kind: 'stream' as const, label: 'x', stream: (async function* () {})() }
    expect(detectFormat('model.onnx', stream)).toBeUndefined()
  })

  it('goes by the name for plain text, empty and unreadable files', () => {
    expect(detectFormat('notes.md', { kind: 'bytes', label: 'x', bytes: PICKLE })).toBe('markdown')
    expect(detectFormat('model.onnx', { kind: 'file', label: 'x', path: '/nowhere', sizeBytes: 1 })).toBe('onnx')
    expect(detectFormat('model.onnx', { kind: 'bytes', label: 'x', bytes: new Uint8Array() })).toBe('onnx')
  })
})
