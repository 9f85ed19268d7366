import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeEvent, encodeEvent, MAX_EVENT_BYTES } from '../../../src/backends/journal/event-file.js'
import { isStemmaError } from '../../../src/errors/stemma-error.js'
import type { ModelEvent } from '../../../src/schemas/event.js'
import { sha256Hex } from '../../../src/util/sha256.js'

const PREV = 'a'.repeat(64)
const PLACE = { model: 'm', n: 3, prev: PREV, path: 'models/m/log/00000000000000000003.json' }

function event(tags: Record<string, string> = { site: 'Zürich' }): ModelEvent {
  const writer = { id: 'w', library: 'stemma' }
  return { v: 1, n: 3, prev: PREV, commitId: 'c', ts: 5, writer, type: 'metadata.updated', data: { version: '1.0.0', tags } }
}

/** A whole event file around any JSON. */
function fileOf(value: unknown): Uint8Array {
  const line = JSON.stringify(value)
  return Buffer.from(`${line}\nsha256:${sha256Hex(line)}\n`)
}

function codeOf(bytes: Uint8Array, place: Parameters<typeof decodeEvent>[1] = PLACE): string {
  try {
    decodeEvent(bytes, place)
    return 'read'
  } catch (error) {
    if (isStemmaError(error)) return error.code
    throw error
  }
}

describe('event file', () => {
  it('is a line of JSON, a line with its checksum, and a newline', () => {
    const text = Buffer.from(encodeEvent(event())).toString('utf8')
    const [line = '', checksum, end, ...more] = text.split('\n')
    expect(JSON.parse(line)).toEqual(event())
    expect([checksum, end, more]).toEqual([`sha256:${sha256Hex(line)}`, '', []])
  })

  it('comes back as it was, with the hash of its exact bytes', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }).filter((key) => key !== '__proto__'), fc.string()), (tags) => {
        const bytes = encodeEvent(event(tags))
        const decoded = decodeEvent(bytes, PLACE)
        expect(decoded.event).toEqual(event(tags))
        expect(decoded.hash).toBe(sha256Hex(bytes))
      })
    )
  })

  it('is refused with any byte changed, cut off or added', () => {
    const bytes = encodeEvent(event())
    for (let at = 0; at < bytes.byteLength; at += 1) {
      const flipped = new Uint8Array(bytes)
      flipped[at] = (flipped[at] ?? 0) ^ 1
      expect(codeOf(flipped), `byte ${at}`).toBe('LOG_CORRUPT')
      expect(codeOf(bytes.subarray(0, at)), `cut at ${at}`).toBe('LOG_CORRUPT')
    }
    expect(codeOf(Buffer.concat([bytes, Buffer.from('\n')]))).toBe('LOG_CORRUPT')
    expect(codeOf(bytes)).toBe('read')
  })

  it('names model, place and file when it is damaged', () => {
    try {
      decodeEvent(Buffer.from('{}'), PLACE)
      expect.fail('it was read')
    } catch (error) {
      expect(error).toMatchObject({ code: 'LOG_CORRUPT', details: { model: 'm', n: 3, path: PLACE.path } })
    }
  })

  it('must be in its place and continue the chain', () => {
    const bytes = encodeEvent(event())
    expect(codeOf(bytes, { ...PLACE, n: 4 })).toBe('LOG_CORRUPT')
    expect(codeOf(bytes, { ...PLACE, prev: 'b'.repeat(64) })).toBe('LOG_CORRUPT')
    expect(codeOf(bytes, { ...PLACE, prev: null })).toBe('LOG_CORRUPT')
    expect(codeOf(bytes, { ...PLACE, prev: undefined })).toBe('read')
  })

  it('of a newer stemma is FORMAT_TOO_NEW, unless it may be passed over', () => {
    expect(codeOf(fileOf({ ...event(), v: 2 }))).toBe('FORMAT_TOO_NEW')
    expect(codeOf(fileOf({ ...event(), type: 'version.blessed' }))).toBe('FORMAT_TOO_NEW')
    const bytes = fileOf({ ...event(), type: 'version.blessed', ignorable: true })
    expect(decodeEvent(bytes, PLACE)).toMatchObject({ event: undefined, head: { n: 3 }, hash: sha256Hex(bytes) })
  })

  it('of a known type with missing parts is LOG_CORRUPT', () => {
    expect(codeOf(fileOf({ ...event(), data: {} }))).toBe('LOG_CORRUPT')
    expect(codeOf(fileOf({ n: 3 }))).toBe('LOG_CORRUPT')
    expect(codeOf(fileOf(null))).toBe('LOG_CORRUPT')
  })

  it('keeps fields that it does not know', () => {
    expect(decodeEvent(fileOf({ ...event(), later: 1 }), PLACE).event).toMatchObject({ later: 1 })
  })

  it('may have up to 1 MiB', () => {
    expect(() => encodeEvent(event({ big: 'x'.repeat(MAX_EVENT_BYTES) }))).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }))
    expect(encodeEvent(event({ big: 'x'.repeat(MAX_EVENT_BYTES - 400) })).byteLength).toBeLessThanOrEqual(MAX_EVENT_BYTES)
  })
})
