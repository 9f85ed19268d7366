import { describe, expect, it } from 'vitest'
import { formatOf, roleOf } from '../../src/record/artifact-format.js'

const text = (content: string): Uint8Array => new TextEncoder().encode(content)
const raw = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes)
const at = (offset: number, content: string): Uint8Array => Uint8Array.from([...new Uint8Array(offset), ...text(content)])

/** The local header of a zip file's first entry. */
function zip(entry: string): Uint8Array {
  const head = new Uint8Array(30 + entry.length + 10)
  head.set([0x50, 0x4b, 3, 4, 20, 0])
  head[26] = entry.length
  head.set(text(entry), 30)
  return head
}

function safetensors(header: string): Uint8Array {
  const head = new Uint8Array(8 + header.length)
  new DataView(head.buffer).setBigUint64(0, BigInt(header.length), true)
  head.set(text(header), 8)
  return head
}

describe('formatOf by name', () => {
  it.each([
    ['model.onnx', 'onnx'],
    ['Weights/MODEL.SafeTensors', 'safetensors'],
    ['model.Q4_K_M.gguf', 'gguf'],
    ['model.pt', 'pytorch'],
    ['model.keras', 'keras'],
    ['model.h5', 'hdf5'],
    ['tfjs/model.json', 'tfjs'],
    ['model.tflite', 'tflite'],
    ['model.joblib', 'joblib'],
    ['model.pkl', 'pickle'],
    ['config.json', 'json'],
    ['conda.yml', 'yaml'],
    ['MLmodel', 'yaml'],
    ['data.tar.gz', 'gzip'],
    ['README', 'text'],
    ['README.md', 'markdown'],
    ['spiece.model', 'sentencepiece'],
    ['model', 'binary'],
    ['.hidden', 'binary'],
    ['a.b/c', 'binary'],
    ['pytorch_model.bin', 'binary'],
    ['model.unknown', 'binary']
  ])('%s is %s', (path, format) => {
    expect(formatOf(path)).toBe(format)
    expect(formatOf(path, new Uint8Array(0))).toBe(format)
  })
})

describe('formatOf by content', () => {
  it.each<[string, string, Uint8Array]>([
    ['model', 'gguf', text('GGUF\u0003')],
    ['model', 'safetensors', safetensors('{"__metadata__":{}}')],
    ['model.bin', 'pytorch', zip('archive/data.pkl')],
    ['pytorch_model.bin', 'pytorch', zip('pytorch_model/byteorder')],
    ['model.pt', 'pytorch', zip('anything')],
    ['legacy.bin', 'pytorch', raw(0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e)],
    ['arrays', 'npz', zip('arr_0.npy')],
    ['model.keras', 'keras', zip('metadata.json')],
    ['bundle', 'zip', zip('a.txt')],
    ['model.keras', 'hdf5', raw(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a)],
    ['model', 'tflite', at(4, 'TFL3')],
    ['array', 'npy', raw(0x93, ...text('NUMPY'), 1, 0)],
    ['model.onnx', 'pickle', raw(0x80, 4, 0x95, 1, 2)],
    ['model.safetensors', 'pickle', raw(0x80, 3, 0x63, 0x6f, 0x73)],
    ['model.joblib', 'joblib', raw(0x80, 4, 0x95, 1, 2)],
    ['model.joblib', 'joblib', raw(0x1f, 0x8b, 8)],
    ['model.txt', 'lightgbm', text('tree\nversion=v4\n')],
    ['model', 'catboost', text('CBM1xxxx')],
    ['model.ubj', 'xgboost', raw(0x7b, 0x4c, 0, 0, 0, 0, 0, 0, 0, 7, ...text('learner'))],
    ['xgb.json', 'xgboost', text('{"learner":{"attributes":{}')],
    ['xgb.json', 'xgboost', text('{"version": [2, 0, 3], "learner": {')],
    ['any.json', 'tfjs', text('{"format": "layers-model", "generatedBy": "x"')],
    ['model.json', 'tfjs', text('{"modelTopology":{')],
    ['model.json', 'json', text('{"weights":[1,2]}')],
    ['model.json', 'xgboost', text('{"learner":{')],
    ['data', 'parquet', text('PAR1\u0015')],
    ['model.safetensors', 'git-lfs-pointer', text('version https://git-lfs.github.com/spec/v1\noid sha256:')],
    ['backup', 'tar', at(257, 'ustar')],
    ['a.tgz', 'gzip', raw(0x1f, 0x8b, 8, 0)],
    ['notes', 'text', text('hello\n')],
    ['settings', 'json', text('\n { "a": 1')],
    ['weights.bin', 'binary', raw(0, 1, 2, 3)],
    ['weights.bin', 'binary', raw(0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9)],
    ['model.onnx', 'onnx', raw(8, 8, 0x12, 7, ...text('pytorch'))],
    ['short', 'binary', raw(0x80)],
    ['latin', 'binary', raw(0x80, 0x41, 0x42, 0x43, 0x44)]
  ])('%s is %s', (path, format, head) => {
    expect(formatOf(path, head)).toBe(format)
  })
})

describe('roleOf', () => {
  it.each([
    ['model.onnx', 'weights'],
    ['model-00001-of-00002.safetensors', 'weights'],
    ['pytorch_model.bin', 'weights'],
    ['group1-shard1of3.bin', 'weights'],
    ['model.json', 'weights'],
    ['variables/variables.data-00000-of-00001', 'weights'],
    ['saved_model.pb', 'weights'],
    ['config.json', 'config'],
    ['generation_config.json', 'config'],
    ['requirements.txt', 'config'],
    ['labels.txt', 'config'],
    ['MLmodel', 'config'],
    ['tokenizer.json', 'tokenizer'],
    ['tokenizer_config.json', 'tokenizer'],
    ['vocab.txt', 'tokenizer'],
    ['merges.txt', 'tokenizer'],
    ['special_tokens_map.json', 'tokenizer'],
    ['spiece.model', 'tokenizer'],
    ['tokenizer/anything.bin', 'tokenizer'],
    ['scaler.pkl', 'preprocessing'],
    ['standard_scaler.joblib', 'preprocessing'],
    ['label_encoder.pkl', 'preprocessing'],
    ['preprocessor_config.json', 'preprocessing'],
    ['preprocessing/steps.json', 'preprocessing'],
    ['tfidf-vectorizer.json', 'preprocessing'],
    ['transforms.json', 'preprocessing'],
    ['text_encoder/model.safetensors', 'weights'],
    ['encoder.onnx', 'weights'],
    ['sentence-transformer.bin', 'weights'],
    ['preprocess.py', 'code'],
    ['train.ipynb', 'code'],
    ['Dockerfile', 'code'],
    ['README.md', 'documentation'],
    ['LICENSE', 'documentation'],
    ['model_card.md', 'documentation'],
    ['sample.csv', 'other'],
    ['confusion.png', 'other'],
    ['blob', 'other']
  ])('%s is %s', (path, role) => {
    expect(roleOf(path, formatOf(path))).toBe(role)
  })
})
