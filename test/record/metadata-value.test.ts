import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isStemmaError, type StemmaError } from '../../src/errors/stemma-error.js'
import { checkMetadata, checkNumbers, checkTags } from '../../src/record/metadata-value.js'

function refusal(run: () => unknown): StemmaError {
  try {
    run()
  } catch (error) {
    if (isStemmaError(error, 'INVALID_METADATA')) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

function nested(levels: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level += 1) value = [value]
  return value
}

class Config {
  lr = 0.1
}

const cyclic: Record<string, unknown> = {}
cyclic.self = { again: cyclic }

describe('checkMetadata', () => {
  it('gives back any JSON value as an equal copy that shares nothing', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' }), (value) => {
        const text = JSON.stringify(value)
        fc.pre(!/"(?:__proto__|constructor|prototype)":/.test(text) && !/\\ud[89a-f]/.test(text))
        const copy = checkMetadata(value, 'params')
        expect(JSON.stringify(copy)).toBe(text)
        if (typeof value === 'object' && value !== null) expect(copy).not.toBe(value)
      })
    )
  })

  it('does not follow what the caller changes later', () => {
    const params = { layers: [64, 32], inner: { a: 1 } }
    const copy = checkMetadata(params, 'params')
    params.layers.push(16)
    params.inner.a = 2
    expect(copy).toEqual({ layers: [64, 32], inner: { a: 1 } })
  })

  it('makes a Date its ISO text and -0 plain 0', () => {
    const copy = checkMetadata({ at: new Date(0), zero: -0 }, 'params')
    expect(copy).toStrictEqual({ at: '1970-01-01T00:00:00.000Z', zero: 0 })
  })

  it('takes plain objects of every kind', () => {
    const bare: Record<string, unknown> = Object.create(null) as Record<string, unknown>
    bare.a = 1
    expect(checkMetadata(bare, 'params')).toStrictEqual({ a: 1 })
    expect(checkMetadata(runInNewContext('({ a: [1, { b: new Date(0) }] })'), 'params')).toStrictEqual({
      a: [1, { b: '1970-01-01T00:00:00.000Z' }]
    })
    const shared = { x: 1 }
    expect(checkMetadata({ a: shared, b: shared }, 'params')).toStrictEqual({ a: { x: 1 }, b: { x: 1 } })
    expect(checkMetadata(null, 'params')).toBeNull()
    expect(checkMetadata('text', '')).toBe('text')
  })

  it.each<[string, unknown, string]>([
    ['NaN', { a: { b: Number.NaN } }, 'params.a.b is NaN'],
    ['Infinity', { a: [1, Infinity] }, 'params.a[1] is Infinity'],
    ['-Infinity', -Infinity, 'params is -Infinity'],
    ['undefined', { a: undefined }, 'params.a is undefined'],
    ['undefined in an array', [undefined], 'params[0] is undefined'],
    ['BigInt', { a: 1n }, 'params.a is a bigint'],
    ['a function', { a: () => 1 }, 'params.a is a function'],
    ['a symbol', { a: Symbol('x') }, 'params.a is a symbol'],
    ['an invalid Date', { a: new Date(Number.NaN) }, 'params.a is an invalid Date'],
    ['a Map', { a: new Map([['b', 1]]) }, 'params.a is a Map'],
    ['a Set', { a: new Set([1]) }, 'params.a is a Set'],
    ['a class instance', { a: new Config() }, 'params.a is an instance of Config'],
    ['an Error', { a: new TypeError('x') }, 'params.a is an instance of TypeError'],
    ['a RegExp', { a: /x/ }, 'params.a is an instance of RegExp'],
    ['an URL', { a: new URL('http://x') }, 'params.a is an instance of URL'],
    ['a Promise', { a: Promise.resolve(1) }, 'params.a is a Promise'],
    ['a boxed number', { a: Object(1) as unknown }, 'params.a is a wrapped primitive'],
    ['a typed array', { a: new Float32Array(2) }, 'params.a is a typed array'],
    ['a Buffer', { a: Buffer.from('x') }, 'params.a is a typed array'],
    ['an ArrayBuffer', { a: new ArrayBuffer(2) }, 'params.a is a typed array'],
    ['an inheriting object', Object.create({ a: 1 }), 'params is an instance of'],
    ['toJSON', { a: { toJSON: () => 'b' } }, 'params.a.toJSON is a function'],
    ['a cycle', cyclic, 'params.self.again contains itself'],
    ['half a surrogate pair', { a: 'x\ud800' }, 'params.a is not well-formed'],
    ['half a surrogate pair in a key', { 'x\udfff': 1 }, 'is not well-formed'],

    ['a hole', [1, , 2], 'params[1] is a hole'],
    ['an array with names', Object.assign([1], { name: 'x' }), 'params is an array with named'],
    ['a symbol key', { [Symbol('x')]: 1 }, 'params has a symbol as key'],
    ['__proto__', JSON.parse('{"a":{"__proto__":{"polluted":1}}}'), 'params.a has the key "__proto__"'],
    ['constructor', { constructor: 1 }, 'params has the key "constructor"'],
    ['prototype', { prototype: 1 }, 'params has the key "prototype"'],
    ['33 levels', nested(33), 'deeper than 32'],
    ['a very deep value', nested(50_000), 'deeper than 32'],
    ['10,000 values', Array.from({ length: 10_000 }, () => 0), 'more than 10000 values'],
    // Counted before any of them is looked at.
    ['10,000 keys', Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`k${index}`, index === 0 ? undefined : 0])), 'more than 10000 values'],
    ['a huge empty array', new Array(4_000_000_000), 'more than 10000 values'],
    ['256 KiB', { a: 'x'.repeat(256 * 1024) }, 'more than 256 KiB'],
    ['256 KiB of what JSON escapes', { a: '\n'.repeat(200 * 1024) }, 'more than 256 KiB'],
    ['256 KiB of two-byte characters', { a: 'é'.repeat(200 * 1024) }, 'more than 256 KiB']
  ])('refuses %s', (_, value, said) => {
    const error = refusal(() => checkMetadata(value, 'params'))
    expect(error.message).toContain(said)
    expect(error.message.length).toBeLessThan(400)
  })

  it('takes what is just within the limits', () => {
    expect(() => checkMetadata(nested(32), 'params')).not.toThrow()
    expect(() =>
      checkMetadata(
        Array.from({ length: 9_999 }, () => 0),
        'params'
      )
    ).not.toThrow()
    expect(() => checkMetadata('x'.repeat(256 * 1024 - 2), 'params')).not.toThrow()
    expect(() => checkMetadata(nested(3), 'params', { maxDepth: 2, maxNodes: 10, maxBytes: 10 })).toThrow('deeper than 2')
  })

  it('refuses accessors without running them', () => {
    let runs = 0
    const value = {
      get lr(): number {
        runs += 1
        return runs
      }
    }
    expect(refusal(() => checkMetadata(value, 'params')).message).toContain('params.lr is a getter')
    expect(runs).toBe(0)
  })

  it('leaves the prototype of objects alone, and is not led by one that was changed', () => {
    const descriptor = { value: 'polluted', configurable: true, enumerable: true, writable: true }
    Object.defineProperty(Object.prototype, 'polluted', descriptor)
    try {
      expect(Object.keys(checkMetadata({ a: 1 }, 'params') ?? {})).toEqual(['a'])
    } finally {
      Reflect.deleteProperty(Object.prototype, 'polluted')
    }
    refusal(() => checkMetadata(JSON.parse('{"__proto__":{"admin":true}}'), 'params'))
    expect('admin' in {}).toBe(false)
  })

  it('names keys that are no words in brackets', () => {
    expect(refusal(() => checkMetadata({ 'a.b': { 'c d': Number.NaN } }, 'params')).message).toContain('params["a.b"]["c d"] is NaN')
  })
})

describe('checkNumbers', () => {
  it('gives a copy', () => {
    expect(checkNumbers({ auc: 0.9, 'f1@5': 1 }, 'metrics')).toStrictEqual({ auc: 0.9, 'f1@5': 1 })
  })

  it.each<[unknown, string]>([
    [{ auc: '0.9' }, 'metrics.auc is a string; wanted a number'],
    [{ auc: null }, 'metrics.auc is null; wanted a number'],
    [{ auc: Number.NaN }, 'metrics.auc is NaN'],
    [{ auc: { berlin: 1 } }, 'metrics.auc is an object'],
    [[0.9], 'metrics is an array'],
    ['auc', 'metrics is a string'],
    [null, 'metrics is null'],
    [undefined, 'metrics is undefined']
  ])('refuses %j', (value, said) => {
    expect(refusal(() => checkNumbers(value, 'metrics')).message).toContain(said)
  })
})

describe('checkTags', () => {
  it('takes the largest that are allowed', () => {
    const tags = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`key-${index}`, 'x'.repeat(800)]))
    expect(checkTags(tags, 'tags')).toStrictEqual(tags)
    expect(checkTags({ ['k'.repeat(250)]: 'v'.repeat(5_000) }, 'tags')).toBeDefined()
  })

  it.each<[string, unknown, string]>([
    ['a number', { site: 1 }, 'tags.site is a number; wanted a text'],
    ['an empty key', { '': 'x' }, 'key of 0 characters'],
    ['a long key', { ['k'.repeat(251)]: 'x' }, 'key of 251 characters'],
    ['a long value', { a: 'x'.repeat(5_001) }, 'tags.a has 5001 characters'],
    ['too many', Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`k${index}`, ''])), 'has 1001 tags'],
    ['a list', ['a'], 'tags is an array']
  ])('refuses %s', (_, value, said) => {
    expect(refusal(() => checkTags(value, 'tags')).message).toContain(said)
  })
})
