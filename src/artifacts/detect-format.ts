import { closeSync, constants, openSync, readSync } from 'node:fs'
import type { ByteSource } from '../io/byte-source.js'
import { formatOf } from '../record/artifact-format.js'

const HEAD_BYTES = 512
// Extensions that several formats share, so that only the first bytes can tell.
const SHARED_EXTENSIONS = new Set(['bin', 'pt', 'pth', 'ckpt', 'h5', 'model', 'weights', 'dat', 'data', 'pb', 'pkl', 'joblib'])

/**
 * The format of a source. Its name decides where it can; for an unknown extension, or one that several formats share, the first
 * {@link HEAD_BYTES} bytes are read. It is a label only: the bytes are read again, once, when they are stored. A stream is never
 * read for it.
 */
export function detectFormat(path: string, source: ByteSource): string {
  const byName = formatOf(path)
  if (byName !== 'binary' && !SHARED_EXTENSIONS.has(extensionOf(path))) return byName
  const head = headOf(source)
  return head === undefined || head.byteLength === 0 ? byName : formatOf(path, head)
}

function extensionOf(path: string): string {
  const dot = path.lastIndexOf('.')
  return dot > path.lastIndexOf('/') ? path.slice(dot + 1).toLowerCase() : ''
}

function headOf(source: ByteSource): Uint8Array | undefined {
  if (source.kind === 'bytes') return source.bytes.subarray(0, HEAD_BYTES)
  if (source.kind === 'stream' || source.sizeBytes === 0) return undefined
  return readHead(source.path)
}

function readHead(path: string): Uint8Array | undefined {
  const head = new Uint8Array(HEAD_BYTES)
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
    try {
      return head.subarray(0, readSync(file, head, 0, HEAD_BYTES, 0))
    } finally {
      closeSync(file)
    }
  } catch {
    // Storing it will fail with the reason; a label is not worth an error of its own.
    return undefined
  }
}
