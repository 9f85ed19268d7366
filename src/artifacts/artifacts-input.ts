import { types } from 'node:util'
import * as z from 'zod'
import { StemmaError } from '../errors/stemma-error.js'
import { artifactRoleSchema, type ArtifactRole } from '../schemas/artifact.js'
import { artifactEntrySchema, formatInputSchema, type ArtifactEntry } from '../schemas/log-input.js'
import { parse } from '../schemas/parse.js'

/** Content that is given instead of a file: bytes, text (stored as UTF-8), or a stream of either. */
export type ArtifactContent = Uint8Array | string | AsyncIterable<Uint8Array | string>

/** One entry of a list of artifacts: content in memory, and the logical path that it shall have. */
export interface ArtifactContentEntry {
  path: string
  content: ArtifactContent
  /** @default found by path and format */
  role?: ArtifactRole | undefined
  /** @default found by path and first bytes */
  format?: string | undefined
}

/**
 * The artifacts of a version, as a caller gives them:
 * - a text: the path of a file or a folder,
 * - a list: files and folders, each a path or an {@link ArtifactEntry}, and contents, each an {@link ArtifactContentEntry},
 * - an object: contents by logical path.
 *
 * @example
 * ```ts
 * await logModel({ name: 'spam', artifacts: ['out/model.onnx', { path: 'labels.txt', content: 'ham\nspam\n', role: 'config' }] })
 * ```
 */
export type ArtifactsInput = string | readonly (string | ArtifactEntry | ArtifactContentEntry)[] | Readonly<Record<string, ArtifactContent>>

const ENTRY_FIELDS: ReadonlySet<string> = new Set(['source', 'path', 'role', 'format'])
const CONTENT_FIELDS: ReadonlySet<string> = new Set(['path', 'content', 'role', 'format'])

const contentLabelsSchema = z.object({ path: z.string().min(1), role: artifactRoleSchema.optional(), format: formatInputSchema.optional() })

/** The three forms of {@link ArtifactsInput}, told apart. */
export type ClassifiedInput =
  | { kind: 'path'; path: string }
  | { kind: 'list'; entries: (ArtifactEntry | ArtifactContentEntry)[] }
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
  return { kind: 'contents', contents: contents.map(([path, content]) => [path, toContent(`artifacts[${JSON.stringify(path)}]`, content)]) }
}

function toEntry(item: unknown, index: number): ArtifactEntry | ArtifactContentEntry {
  const what = `artifacts[${index}]`
  if (typeof item === 'string' && item !== '') return { source: item }
  if (typeof item !== 'object' || item === null || !('source' in item || 'content' in item)) {
    throw invalid(
      `${what}: wanted a path, { source, path?, role?, format? } or { path, content, role?, format? }, found ${describe(item)}`,
      'Give each file or folder as text, or as an entry with its source; content in memory as an entry with its path.'
    )
  }
  if ('content' in item) return toContentEntry(item, what)
  checkKeys(item, ENTRY_FIELDS, what)
  return parse(artifactEntrySchema, item, { what })
}

function toContentEntry(item: { content: unknown }, what: string): ArtifactContentEntry {
  if ('source' in item) throw invalid(`${what}: has both source and content`, 'Give a file on disk or content in memory.')
  checkKeys(item, CONTENT_FIELDS, what)
  const labels = parse(contentLabelsSchema, item, { what, hint: 'Content in memory needs the path that it shall be stored under.' })
  return { ...labels, content: toContent(what, item.content) }
}

function checkKeys(item: object, known: ReadonlySet<string>, what: string): void {
  const unknown = Object.keys(item).find((key) => !known.has(key))
  if (unknown === undefined) return
  throw invalid(`${what}: there is no field ${JSON.stringify(unknown)}`, `Known fields are ${[...known].join(', ')}.`)
}

function toContent(what: string, content: unknown): ArtifactContent {
  if (types.isUint8Array(content)) return content
  if (typeof content === 'string' && /\p{Surrogate}/u.test(content)) {
    throw invalid(`${what}: the text has half of a surrogate pair, which UTF-8 cannot hold`, 'Give the bytes.')
  }
  if (typeof content === 'string') return content
  if (isAsyncIterable(content)) return content
  throw invalid(
    `${what}: wanted bytes, text or a stream, found ${describe(content)}`,
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
