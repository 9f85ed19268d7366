import crc32 from 'crc-32'
import * as zlib from 'node:zlib'

// Node's own is three times as fast; not every runtime that can run stemma has it.
const native = 'crc32' in zlib ? zlib.crc32 : undefined

/**
 * The CRC-32 (ISO-HDLC, as zip and PNG have it) of bytes that come in pieces: pass what the piece before gave.
 *
 * @param before what the call for the bytes before these gave. @default 0
 * @returns an unsigned 32 bit number.
 */
export function updateChecksum(bytes: Uint8Array, before = 0): number {
  return native === undefined ? crc32.buf(bytes, before) >>> 0 : native(bytes, before)
}

/** The value of the header that goes with a chunk: `crc32 0a1b2c3d`. */
export function formatChecksum(checksum: number): string {
  return `crc32 ${checksum.toString(16).padStart(8, '0')}`
}

/** What such a header says; `undefined` for anything else. */
export function parseChecksum(header: string): number | undefined {
  const hex = /^crc32 ([0-9a-f]{8})$/.exec(header)?.[1]
  return hex === undefined ? undefined : Number.parseInt(hex, 16)
}
