import { createHash, type Hash } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { lstat, open, readlink } from 'node:fs/promises'

/** What lies at a path, for the digest of a difference: never what a symbolic link points to. */
export type FileContent =
  | { readonly kind: 'file'; readonly sha256: string; readonly sizeBytes: number }
  | { readonly kind: 'link'; readonly sha256: string; readonly sizeBytes: number }
  | { readonly kind: 'folder' | 'special' | 'absent' }
  /** Reading it would have gone over the bound. */
  | { readonly kind: 'too-large' }

/** Hashes a file, or the text of a symbolic link. The path may be bytes, since names need not be UTF-8. */
export async function readFileContent(path: string | Buffer, maxBytes: number): Promise<FileContent> {
  const stat = await lstat(path).catch(() => undefined)
  if (stat === undefined) return { kind: 'absent' }
  if (stat.isSymbolicLink()) return await linkContent(path)
  if (stat.isDirectory()) return { kind: 'folder' }
  return stat.isFile() ? await hashFile(path, stat, maxBytes) : { kind: 'special' }
}

async function linkContent(path: string | Buffer): Promise<FileContent> {
  const text = await readlink(path, { encoding: 'buffer' }).catch(() => undefined)
  if (text === undefined) return { kind: 'absent' }
  return { kind: 'link', sha256: createHash('sha256').update(text).digest('hex'), sizeBytes: text.byteLength }
}

async function hashFile(path: string | Buffer, seen: Stats, maxBytes: number): Promise<FileContent> {
  if (seen.size > maxBytes) return { kind: 'too-large' }
  try {
    // Between the look and the opening a link or a FIFO may have taken its place: the flags follow none and wait for none.
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    if (!(await file.stat()).isFile()) return { kind: 'special' }
    const hash = createHash('sha256')
    const sizeBytes = await update(hash, (buffer) => file.read(buffer), maxBytes)
    return sizeBytes === undefined ? { kind: 'too-large' } : { kind: 'file', sha256: hash.digest('hex'), sizeBytes }
  } catch {
    return { kind: 'special' }
  }
}

const CHUNK_BYTES = 256 * 1024

/** Number of bytes read, `undefined` when there are more than `maxBytes`. */
async function update(hash: Hash, read: (buffer: Buffer) => Promise<{ bytesRead: number }>, maxBytes: number): Promise<number | undefined> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  let total = 0
  for (;;) {
    const { bytesRead } = await read(buffer)
    if (bytesRead === 0) return total
    total += bytesRead
    if (total > maxBytes) return undefined
    hash.update(buffer.subarray(0, bytesRead))
  }
}
