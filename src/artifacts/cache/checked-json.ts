import { createHash } from 'node:crypto'

/** A value as one line of JSON, and a second line with the sha256 of the first: torn or edited files show. */
export function checkedJsonBytes(value: unknown): Uint8Array {
  const line = JSON.stringify(value)
  return Buffer.from(`${line}\nsha256:${sha256(line)}\n`)
}

/** The value that {@link checkedJsonBytes} wrote; `undefined` for anything else. */
export function readCheckedJson(bytes: Uint8Array | undefined): unknown {
  if (bytes === undefined) return undefined
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  const end = text.indexOf('\n')
  if (end < 0) return undefined
  const line = text.slice(0, end)
  if (text.slice(end + 1) !== `sha256:${sha256(line)}\n`) return undefined
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
