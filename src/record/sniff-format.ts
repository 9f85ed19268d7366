interface Magic {
  format: string
  offset: number
  bytes: readonly number[]
}

// Each format with the bytes that its files have at an offset. Longer ones first where one begins like another.
const MAGIC: readonly Magic[] = [
  { format: 'gguf', offset: 0, bytes: ascii('GGUF') },
  { format: 'tflite', offset: 4, bytes: ascii('TFL3') },
  { format: 'ort', offset: 4, bytes: ascii('ORTM') },
  { format: 'hdf5', offset: 0, bytes: [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a] },
  { format: 'npy', offset: 0, bytes: [0x93, ...ascii('NUMPY')] },
  // The number that torch.save pickles first in its old format.
  { format: 'pytorch', offset: 0, bytes: [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19] },
  { format: 'catboost', offset: 0, bytes: ascii('CBM1') },
  { format: 'xgboost', offset: 0, bytes: ascii('binf') },
  { format: 'xgboost', offset: 0, bytes: ascii('bs64') },
  // A UBJSON object whose first key, "learner", has a length in 64 bits.
  { format: 'xgboost', offset: 0, bytes: [...ascii('{L'), 0, 0, 0, 0, 0, 0, 0, 7, ...ascii('learner')] },
  { format: 'lightgbm', offset: 0, bytes: ascii('tree\nversion=') },
  { format: 'parquet', offset: 0, bytes: ascii('PAR1') },
  { format: 'arrow', offset: 0, bytes: ascii('ARROW1') },
  { format: 'git-lfs-pointer', offset: 0, bytes: ascii('version https://git-lfs.github.com/spec/') },
  { format: 'sqlite', offset: 0, bytes: ascii('SQLite format 3\0') },
  { format: 'png', offset: 0, bytes: [0x89, ...ascii('PNG\r\n'), 0x1a, 0x0a] },
  { format: 'jpeg', offset: 0, bytes: [0xff, 0xd8, 0xff] },
  { format: 'pdf', offset: 0, bytes: ascii('%PDF-') },
  { format: 'wasm', offset: 0, bytes: [0, ...ascii('asm')] },
  { format: 'tar', offset: 257, bytes: ascii('ustar') },
  { format: 'gzip', offset: 0, bytes: [0x1f, 0x8b, 0x08] },
  { format: 'zstd', offset: 0, bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { format: 'xz', offset: 0, bytes: [0xfd, ...ascii('7zXZ'), 0] },
  { format: '7z', offset: 0, bytes: [...ascii('7z'), 0xbc, 0xaf, 0x27, 0x1c] },
  { format: 'bzip2', offset: 0, bytes: ascii('BZh') },
  { format: 'zip', offset: 0, bytes: [...ascii('PK'), 3, 4] }
]

/** The format that the first bytes of a file show without doubt; `undefined` where they do not. */
export function sniffFormat(head: Uint8Array): string | undefined {
  const found = MAGIC.find((magic) => hasMagic(head, magic))?.format
  if (found === 'zip') return zipFormat(head)
  if (found !== undefined) return found
  if (isSafetensors(head)) return 'safetensors'
  return isPickle(head) ? 'pickle' : undefined
}

/** Without a closure for each of thirty formats: it is asked for each of thousands of files. */
function hasMagic(head: Uint8Array, { offset, bytes }: Magic): boolean {
  for (let index = 0; index < bytes.length; index++) if (head[offset + index] !== bytes[index]) return false
  return true
}

/** A format that the first bytes suggest: for a file whose name says nothing. */
export function guessTextFormat(head: Uint8Array): 'json' | 'text' | undefined {
  if (head.length === 0 || head.includes(0)) return undefined
  try {
    // As a stream, since the head may end within a character.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true })
    return /^\s*[{[]/.test(text) ? 'json' : 'text'
  } catch {
    return undefined
  }
}

function ascii(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0))
}

/** What a zip file is the cover of, by the name of its first entry. */
function zipFormat(head: Uint8Array): string {
  const nameLength = (head[26] ?? 0) + (head[27] ?? 0) * 256
  const name = new TextDecoder().decode(head.subarray(30, 30 + nameLength))
  if (/^[^/]+\/(?:data\.pkl|constants\.pkl|version|byteorder|code\/|\.format_version)/.test(name)) return 'pytorch'
  if (/\.npy$/.test(name)) return 'npz'
  return 'zip'
}

/** Eight bytes of length, then that many bytes of a JSON object. */
function isSafetensors(head: Uint8Array): boolean {
  if (head.length < 10 || head[8] !== 0x7b || !(head[9] === 0x22 || head[9] === 0x7d || head[9] === 0x20)) return false
  const length = new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true)
  return length >= 2n && length <= 100_000_000n
}

/** The protocol mark of pickle 2 to 5, and an opcode that such a pickle begins with. */
function isPickle(head: Uint8Array): boolean {
  const [mark, protocol = 0, opcode = 0] = head
  return (
    mark === 0x80 && protocol >= 2 && protocol <= 5 && (head.length === 2 || ascii('\x95}](c)KGXBM\x8c\x8a\x8fqU.NJl').includes(opcode))
  )
}
