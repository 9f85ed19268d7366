import { describe, expect, it } from 'vitest'
import { hasTag, readRange } from '../../../src/server/blobs/read-range.js'

describe('readRange', () => {
  it.each([
    [undefined, 10, { kind: 'whole' }],
    ['', 10, { kind: 'whole' }],
    ['bytes=0-', 10, { kind: 'part', start: 0, end: 10 }],
    ['bytes=3-5', 10, { kind: 'part', start: 3, end: 6 }],
    ['BYTES=9-9', 10, { kind: 'part', start: 9, end: 10 }],
    ['bytes=3-99', 10, { kind: 'part', start: 3, end: 10 }],
    ['bytes=-4', 10, { kind: 'part', start: 6, end: 10 }],
    ['bytes=-99', 10, { kind: 'part', start: 0, end: 10 }],
    ['bytes=10-', 10, { kind: 'unsatisfiable' }],
    ['bytes=-0', 10, { kind: 'unsatisfiable' }],
    ['bytes=0-', 0, { kind: 'unsatisfiable' }],
    ['bytes=-5', 0, { kind: 'unsatisfiable' }],
    // What cannot be read counts as not sent.
    ['bytes=5-3', 10, { kind: 'whole' }],
    ['bytes=-', 10, { kind: 'whole' }],
    ['bytes=0-1,3-4', 10, { kind: 'whole' }],
    ['bytes=a-b', 10, { kind: 'whole' }],
    ['bytes=0x1-', 10, { kind: 'whole' }],
    ['lines=0-1', 10, { kind: 'whole' }],
    ['bytes=1-9999999999999999999999', 10, { kind: 'whole' }]
  ])('%s of %d bytes', (header, sizeBytes, wanted) => {
    expect(readRange(header, sizeBytes)).toEqual(wanted)
  })

  it('knows a tag among others', () => {
    expect(['"a"', '"b", "a"', ' "a" '].map((header) => hasTag(header, '"a"'))).toEqual([true, true, true])
    expect([undefined, 'a', 'W/"a"', '"ab"', ''].map((header) => hasTag(header, '"a"'))).toEqual([false, false, false, false, false])
  })
})
