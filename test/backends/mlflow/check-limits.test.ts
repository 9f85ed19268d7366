import { describe, expect, it } from 'vitest'
import { checkCreateLimits, checkUpdateLimits, isMlflowKey } from '../../../src/backends/mlflow/check-limits.js'
import { toReference } from '../../../src/record/parse-reference.js'
import type { CreateVersionRequest } from '../../../src/schemas/requests.js'
import { EMPTY_BIRTH } from '../conformance/fixtures.js'

const request = (changes: Partial<CreateVersionRequest>): CreateVersionRequest => ({
  ...{ name: 'm', manifest: { schemaVersion: 1, artifacts: [] }, birth: EMPTY_BIRTH, version: { bump: 'patch' }, tags: {}, aliases: [] },
  ...changes
})
const born = (birth: Partial<CreateVersionRequest['birth']>): CreateVersionRequest => request({ birth: { ...EMPTY_BIRTH, ...birth } })

describe('check-limits', () => {
  it('takes what MLflow keeps whole', () => {
    checkCreateLimits(born({ params: { 'a/b c.d-e:f_g': 'x'.repeat(6_000), list: [1, { two: 2 }] }, metrics: { 'é': 1 } }))
    checkCreateLimits(request({ tags: { ['k'.repeat(250)]: '🙂'.repeat(5_000) }, description: 'x'.repeat(5_000), aliases: ['champion_2-b'] }))
  })

  it.each([
    ['a param that is too long', born({ params: { a: 'x'.repeat(6_001) } }), 'TOO_LARGE'],
    ['a param whose JSON is too long', born({ params: { a: Array.from({ length: 3_000 }, () => 11) } }), 'TOO_LARGE'],
    ['a param name with a bracket', born({ params: { 'a(b)': 1 } }), 'INVALID_METADATA'],
    ['a metric with a path in it', born({ metrics: { 'a/../b': 1 } }), 'INVALID_METADATA'],
    ['a long name of a data set', born({ datasets: [{ name: 'x'.repeat(501) }] }), 'TOO_LARGE'],
    ['a tag that is too long', request({ tags: { a: 'x'.repeat(5_001) } }), 'TOO_LARGE'],
    ['a tag name that is too long', request({ tags: { ['k'.repeat(251)]: '' } }), 'INVALID_METADATA'],
    ['a tag of our own', request({ tags: { 'stemma.version': '9' } }), 'INVALID_METADATA'],
    ['a tag of MLflow', request({ tags: { 'mlflow.user': 'x' } }), 'INVALID_METADATA'],
    ['a description that is too long', request({ description: 'x'.repeat(5_001) }), 'TOO_LARGE'],
    ['an alias with a dot', request({ aliases: ['a.b'] }), 'INVALID_ALIAS'],
    ['an alias that is an audience', request({ aliases: ['production-berlin'] }), 'INVALID_ALIAS']
  ])('refuses %s', (_, one, code) => {
    expect(() => {
      checkCreateLimits(one)
    }).toThrow(expect.objectContaining({ code }))
  })

  it('holds for changes, too, where null takes away', () => {
    const reference = toReference('m')
    checkUpdateLimits({ reference, tags: { a: null }, description: null })
    expect(() => {
      checkUpdateLimits({ reference, metrics: { 'a//b': 1 } })
    }).toThrow(expect.objectContaining({ code: 'INVALID_METADATA' }))
  })

  it.each(['', '/a', 'a/', '.', '..', 'a@b', 'a,b', 'a\\b'])('knows %j for no key', (key) => {
    expect(isMlflowKey(key)).toBe(false)
  })
})
