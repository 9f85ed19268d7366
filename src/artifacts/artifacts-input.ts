import { types } from 'node:util'
import { StemmaError } from '../errors/stemma-error.js'
import type { ArtifactEntry } from '../schemas/log-input.js'

/** Content that is given instead of a file: bytes, text (stored as UTF-8), or a stream of either. */
export type ArtifactContent = Uint8Array | string | AsyncIterable<Uint8Array | string>

/**
 * The artifacts of a version, as a caller gives them:
 * - a text: the path of a file or a folder,
 * - a list: files and folders, each a path or an {@link ArtifactEntry},
 * - an object: contents by logical path.
 */
export type ArtifactsInput = string | readonly (string | ArtifactEntry)[] | Readonly<Record<string, ArtifactContent>>

const ENTRY_FIELDS = new Set(['source', 'path', 'role', 'format'])

/** The three forms of {@link ArtifactsInput}, told apart. */
export type ClassifiedInput =
  | { kind: 'path'; path: string }
  | { kind: 'list'; entries: ArtifactEntry[] }
  | { kind: 'contents'; contents: [string, ArtifactContent][] }

/**
 * Tells the forms of an input apart and checks their shapes.
 *
 * @throws {StemmaError} INVALID_INPUT for anything else, and for an empty list or object.
 */
export function classifyInput(input: unknown): ClassifiedInput {
  if (typeof input === 'string') {
    if (input === '') throw invalid('artifacts: the path is empty', 'Give the path of a file or a folder.')
    return { kind: 'path', path: input }
  }
  if (Array.isArray(input)) {
    if (input.length === 0) throw invalid('artifacts: the list is empty', 'A version has at least one artifact.')
    return { kind: 'list', entries: input.map(toEntry) }
  }
  if (typeof input !== 'object' || input === null || ArrayBuffer.isView(input) || Symbol.asyncIterator in input) {
    throw invalid(
      `artifacts: wanted a path, a list of paths, or an object of contents by path; found ${describe(input)}`,
      'For bytes or a stream in memory say under which path: { "model.onnx": bytes }.'
    )
  }
  const contents = Object.entries(input)
  if (contents.length === 0) throw invalid('artifacts: the object is empty', 'A version has at least one artifact.')
  if ('source' in input && typeof input.source === 'string' && contents.every(([key]) => ENTRY_FIELDS.has(key))) {
    throw invalid('artifacts: found an entry { source, … } that is not in a list', 'Write it as a list of one entry: [{ source, path }].')
  }
  return { kind: 'contents', contents: contents.map(([path, content]) => [path, toContent(path, content)]) }
}

function toEntry(item: unknown, index: number): ArtifactEntry {
  if (typeof item === 'string' && item !== '') return { source: item }
  if (isEntry(item)) return item
  throw invalid(
    `artifacts[${index}]: wanted a path or { source, path?, role?, format? }, found ${describe(item)}`,
    'Give each file or folder as text, or as an entry with its source.'
  )
}

function isEntry(item: unknown): item is ArtifactEntry {
  if (typeof item !== 'object' || item === null || !('source' in item)) return false
  if (typeof item.source !== 'string' || item.source === '') return false
  return Object.entries(item).every(([key, value]) => ENTRY_FIELDS.has(key) && (value === undefined || typeof value === 'string'))
}

function toContent(path: string, content: unknown): ArtifactContent {
  if (types.isUint8Array(content)) return content
  if (typeof content === 'string' && /\p{Surrogate}/u.test(content)) {
    throw invalid(`artifacts[${JSON.stringify(path)}]: the text has half of a surrogate pair, which UTF-8 cannot hold`, 'Give the bytes.')
  }
  if (typeof content === 'string') return content
  if (isAsyncIterable(content)) return content
  throw invalid(
    `artifacts[${JSON.stringify(path)}]: wanted bytes, text or a stream, found ${describe(content)}`,
    'Give a Uint8Array or Buffer, a text, or a readable stream.'
  )
}

function isAsyncIterable(value: unknown): value is AsyncIterable<Uint8Array | string> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (ArrayBuffer.isView(value)) return 'bytes without a path'
  if (typeof value === 'object') return Symbol.asyncIterator in value ? 'a stream without a path' : 'an object'
  return value === '' ? 'an empty text' : typeof value
}

function invalid(message: string, hint: string): StemmaError {
  return new StemmaError('INVALID_INPUT', message, { hint })
}
