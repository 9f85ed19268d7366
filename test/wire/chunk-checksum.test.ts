import crc32 from 'crc-32'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatChecksum, parseChecksum, updateChecksum } from '../../src/wire/chunk-checksum.js'

describe('the checksum of a chunk', () => {
  it('is the CRC-32 that zip has', () => {
    expect(updateChecksum(new TextEncoder().encode('123456789'))).toBe(0xcbf43926)
  })

  it('is the same in one piece, in two, and by the package that stands in for the runtime', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        const whole = Buffer.concat([a, b])
        expect(updateChecksum(b, updateChecksum(a))).toBe(updateChecksum(whole))
        expect(updateChecksum(whole)).toBe(crc32.buf(whole) >>> 0)
      })
    )
  })

  it('goes into a header and comes out of it; anything else is none', () => {
    for (const checksum of [0, 1, 0xcbf43926, 0xffffffff]) expect(parseChecksum(formatChecksum(checksum))).toBe(checksum)
    for (const other of ['', 'crc32', 'crc32 1', 'crc32 CBF43926', 'md5 cbf43926', ' crc32 cbf43926']) expect(parseChecksum(other)).toBeUndefined()
  })
})
