import { closeSync, constants, openSync, readSync } from 'node:fs'
import type { CopiedSource } from '../io/store-fs.js'
import { formatOf } from '../record/artifact-format.js'

/** How many first bytes tell a format. */
export const HEAD_BYTES = 512
// Names that are believed: nobody takes such a file for a model, and folders of data have thousands of them.
const PLAIN_EXTENSIONS = new Set(
  ['txt', 'md', 'rst', 'csv', 'tsv', 'yaml', 'yml', 'toml', 'ini', 'py', 'js', 'ts', 'html', 'xml', 'png', 'jpg', 'jpeg']
)

/**
 * The format of a source. For plain text and pictures the extension decides; for anything else the first {@link HEAD_BYTES} bytes
 * are read as well, since several formats share `.bin`, `.pt` or `.json`, and a pickle may be called `.onnx`. It is a label only:
 * the bytes are read again, once, when they are stored.
 *
 * @returns `undefined` for a stream whose name does not tell: it can be read only once, so its first bytes are known when it is stored.
 */
export function detectFormat(path: string, source: CopiedSource): string | undefined {
  if (!needsHead(path)) return formatOf(path)
  return source.kind === 'stream' ? undefined : formatOf(path, headOf(source))
}

/** Whether the format of a file with this path can only be told by its first bytes. */
export function needsHead(path: string): boolean {
  return !PLAIN_EXTENSIONS.has(extensionOf(path))
}

function extensionOf(path: string): string {
  const dot = path.lastIndexOf('.')
  return dot > path.lastIndexOf('/') ? path.slice(dot + 1).toLowerCase() : ''
}

function headOf(source: Exclude<CopiedSource, { kind: 'stream' }>): Uint8Array | undefined {
  if (source.kind === 'bytes') return source.bytes.subarray(0, HEAD_BYTES)
  return source.sizeBytes === 0 ? new Uint8Array() : readHead(source.path)
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
