import { hash } from 'node:crypto'

/** sha256 of bytes in memory, as 64 lower-case hex digits. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return hash('sha256', bytes, 'hex')
}
