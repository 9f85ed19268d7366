import { expect, it } from 'vitest'
import { nearestNames } from '../../src/artifacts/nearest-names.js'

it.each([
  ['model.onx', ['model.onnx', 'tokenizer.json'], ['model.onnx']],
  ['vocab.txt', ['model.onnx', 'tokenizer/vocab.txt'], ['tokenizer/vocab.txt']],
  ['MODEL.ONNX', ['config.json', 'model.onnx'], ['model.onnx']],
  ['something-else', ['a', 'b'], []],
  ['', ['a', 'model.onnx'], []]
])('nearest to %j among %j: %j', (wanted, names, expected) => {
  expect(nearestNames(wanted, names)).toEqual(expected)
})
