import { expect, it } from 'vitest'
import { isNearName, nearestNames, nearPaths } from '../../src/util/nearest-names.js'

it.each([
  ['model.onx', ['model.onnx', 'tokenizer.json'], ['model.onnx']],
  ['vocab.txt', ['model.onnx', 'tokenizer/vocab.txt'], ['tokenizer/vocab.txt']],
  ['MODEL.ONNX', ['config.json', 'model.onnx'], ['model.onnx']],
  [`${'deep/'.repeat(20)}model.onx`, [`${'deep/'.repeat(20)}labels.txt`, `${'deep/'.repeat(20)}model.onnx`], [`${'deep/'.repeat(20)}model.onnx`]],
  ['something-else', ['a', 'b'], []],
  ['', ['a', 'model.onnx'], []]
])('near %j among the paths %j: %j', (wanted, paths, expected) => {
  expect(nearPaths(wanted, paths).slice(0, 1)).toEqual(expected)
})

it('names are sorted by their likeness, whatever their case; equally near ones stay in order', () => {
  expect(nearestNames('Metric', ['tags', 'metrics', 'params'])[0]).toBe('metrics')
  expect(nearestNames('x', ['b', 'a'])).toEqual(['b', 'a'])
})

it('a slip is near, another word is not', () => {
  expect([isNearName('prodution', 'production'), isNearName('stage', 'digest'), isNearName('', 'a')]).toEqual([true, false, false])
})

it('long names that differ all over cost no more than their first characters', () => {
  expect(isNearName('a'.repeat(1_000_000), 'b'.repeat(1_000_000))).toBe(false)
})
