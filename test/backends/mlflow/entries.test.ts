import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { entryTags, MAX_INLINE_MANIFEST, readEntry } from '../../../src/backends/mlflow/entries.js'

const row = (tags: { key: string; value: string }[]) => ({ name: 'j', version: '1', creation_timestamp: 0, tags })

describe('entries', () => {
  it('come back from their tags, whatever is in them, none longer than MLflow keeps', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10_000, size: 'max' }), fc.nat(), fc.option(fc.string({ unit: 'grapheme', minLength: 1 }), { nil: undefined }), (text, n, manifest) => {
        const entry = { model: 'team/m', n, bytes: Buffer.from(text), manifest }
        const tags = entryTags(entry)
        expect(Math.max(...tags.map(({ value }) => value.length))).toBeLessThanOrEqual(5_000)
        expect(tags.some(({ value }) => /\p{Surrogate}/u.test(value))).toBe(false)
        expect(readEntry(row(tags.toReversed()))).toEqual(entry)
      }),
      { numRuns: 10 }
    )
  })

  it('leave a large manifest to the files of its version', () => {
    const entry = { model: 'm', n: 0, bytes: Buffer.from('x'), manifest: 'm'.repeat(MAX_INLINE_MANIFEST + 1) }
    expect(readEntry(row(entryTags(entry)))?.manifest).toBeUndefined()
  })

  it('are none where others have put a version', () => {
    expect(readEntry(row([]))).toBeUndefined()
    expect(readEntry(row([{ key: 'stemma.model', value: 'm' }, { key: 'stemma.n', value: 'one' }, { key: 'stemma.event.0000', value: 'x' }]))).toBeUndefined()
  })
})
