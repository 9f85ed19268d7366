import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatRecordLine, formatSizeLine, readRecord, readSize } from '../../../src/server/uploads/upload-record.js'

const ID = 'a-1'
const chunksOf = (sizes: readonly number[]) => {
  let start = 0
  return sizes.map((size, index) => {
    const chunk = { start, end: start + size, checksum: (index * 2_654_435_761) >>> 0 }
    start = chunk.end
    return chunk
  })
}
const sizes = fc.array(fc.integer({ min: 1, max: 40_000_000 }), { maxLength: 8 })
const record = (chunks: ReturnType<typeof chunksOf>): Buffer => Buffer.from(formatSizeLine(ID, 99) + chunks.map((chunk) => formatRecordLine(ID, chunk)).join(''))

describe('the record of an upload', () => {
  it('tells of every chunk, and the size', () => {
    fc.assert(
      fc.property(sizes, (given) => {
        const chunks = chunksOf(given)
        expect(readRecord(ID, record(chunks))).toEqual(chunks)
        expect(readSize(ID, record(chunks))).toBe(99)
      })
    )
  })

  it('tells of the first chunks at most when it is cut off, garbled, or of another upload', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), (given, cut, place, flip) => {
        const chunks = chunksOf(given)
        const bytes = record(chunks)
        const isPrefix = (damaged: Uint8Array): void => {
          const found = readRecord(ID, damaged)
          expect(found).toEqual(chunks.slice(0, found.length))
        }
        isPrefix(bytes.subarray(0, cut % (bytes.length + 1)))
        const garbled = Buffer.from(bytes)
        const at = place % bytes.length
        garbled[at] = (garbled[at] ?? 0) ^ flip
        isPrefix(garbled)
        isPrefix(Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]))
        expect(readRecord('b-2', bytes)).toEqual([])
        expect(readSize('b-2', bytes)).toBeUndefined()
      }),
      { numRuns: 500 }
    )
  })

  it('goes on after a line that was cut off, and takes the last of several for one place', () => {
    const [one, two] = chunksOf([10, 20])
    if (!one || !two) throw new Error('two chunks')
    const torn = formatRecordLine(ID, two).slice(0, 9)
    const other = { ...two, end: 17, checksum: 5 }
    expect(readRecord(ID, Buffer.from(formatRecordLine(ID, one) + torn + formatRecordLine(ID, two)))).toEqual([one, two])
    expect(readRecord(ID, Buffer.from(formatRecordLine(ID, one) + formatRecordLine(ID, other) + formatRecordLine(ID, two)))).toEqual([one, two])
    expect(readRecord(ID, Buffer.from(formatRecordLine(ID, two)))).toEqual([])
  })
})
