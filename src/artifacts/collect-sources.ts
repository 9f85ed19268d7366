import { types } from 'node:util'
import { basename, resolve } from 'node:path'
import { StemmaError } from '../errors/stemma-error.js'
import { checkArtifactPaths } from '../record/artifact-path.js'
import type { CopiedSource } from '../io/store-fs.js'
import type { ArtifactRole } from '../schemas/artifact.js'
import type { ArtifactEntry } from '../schemas/log-input.js'
import type { CallOptions } from '../util/options.js'
import { classifyInput, type ArtifactContent, type ArtifactsInput } from './artifacts-input.js'
import { detectFormat, HEAD_BYTES, needsHead } from './detect-format.js'
import { inspectSource, type SymlinkPolicy } from './inspect-source.js'
import { MAX_FILES, walkFolder } from './walk-folder.js'

/** Options of {@link collectSources}. */
export interface CollectOptions extends CallOptions {
  /** Absolute folder that relative paths start at. */
  directory: string
  /** @default 'error' */
  symlinks?: SymlinkPolicy | undefined
  /**
   * When the formats of files are found whose names do not tell: `'now'` by opening each; `'when-stored'` leaves them `undefined`, and asks
   * whoever stores them for their first bytes, which spares opening each file twice. @default 'now'
   */
  formats?: 'now' | 'when-stored' | undefined
}

/** An artifact that is ready to be stored: its logical path, its bytes, and what is known about them. */
export interface CollectedArtifact {
  /** Logical path, checked. */
  path: string
  source: CopiedSource
  /** Only when the caller said so. */
  role?: ArtifactRole | undefined
  /** What the caller said, else found by path and first bytes; `undefined` for what cannot be, or is not to be, read before it is stored. */
  format: string | undefined
}

/** A source under the path it will have, before its format is known. */
interface NamedSource {
  path: string
  source: CopiedSource
  entry?: Pick<ArtifactEntry, 'role' | 'format'> | undefined
}

const encoder = new TextEncoder()

/**
 * Finds the bytes of a version: looks at every file, reads none (but the first bytes where only they tell the format), and gives
 * each its logical path and format. A file gets its base name; files in a folder get their paths inside it; an entry with a `path`
 * gets that path, or, for a folder, that path in front. Sorted by path.
 *
 * @throws {StemmaError} INVALID_INPUT for a wrong shape, nothing at all, or two sources with one path; INVALID_PATH for a path that
 * cannot be stored; SOURCE_UNREADABLE for a missing file; SOURCE_UNSUPPORTED for links, sockets, devices and FIFOs; TOO_LARGE for
 * more than 100,000 files.
 * @example
 * ```ts
 * const artifacts = await collectSources('./model', { directory: process.cwd() })
 * ```
 */
export async function collectSources(input: ArtifactsInput, options: CollectOptions): Promise<CollectedArtifact[]> {
  options.signal?.throwIfAborted()
  const named = await nameSources(input, options)
  if (named.length > MAX_FILES) {
    throw new StemmaError('TOO_LARGE', `artifacts: ${named.length} files, at most ${MAX_FILES} fit in one version`, {
      hint: 'Pack small files into archives.',
      details: { found: named.length, limit: MAX_FILES }
    })
  }
  named.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
  refuseDoubles(named)
  checkArtifactPaths(named.map(({ path }) => path))
  return named.map((each) => withFormat(each, options.formats === 'when-stored'))
}

function withFormat({ path, source, entry }: NamedSource, isLater: boolean): CollectedArtifact {
  const role = entry?.role
  if (entry?.format !== undefined) return { path, source, role, format: entry.format }
  if (isLater && source.kind === 'file' && needsHead(path)) return { path, source: { ...source, headBytes: HEAD_BYTES }, role, format: undefined }
  return { path, source, role, format: detectFormat(path, source) }
}

async function nameSources(input: ArtifactsInput, options: CollectOptions): Promise<NamedSource[]> {
  const classified = classifyInput(input)
  if (classified.kind === 'contents') {
    return classified.contents.map(([path, content]) => ({ path, source: contentSource(path, content) }))
  }
  const entries = classified.kind === 'path' ? [{ source: classified.path }] : classified.entries
  const named: NamedSource[] = []
  for (const entry of entries) {
    if ('content' in entry) named.push({ path: entry.path, source: contentSource(entry.path, entry.content), entry })
    else for (const source of await sourcesOf(entry, options)) named.push(source)
    if (named.length > MAX_FILES) break
  }
  return named
}

async function sourcesOf(entry: ArtifactEntry, options: CollectOptions): Promise<NamedSource[]> {
  const symlinks = options.symlinks ?? 'error'
  const given = resolve(options.directory, entry.source)
  const found = inspectSource(given, symlinks)
  if (found.kind === 'file') return [fileSource(entry.path ?? basename(given), found, entry)]
  const files = await walkFolder(found.path, { symlinks, signal: options.signal })
  if (files.length === 0) {
    throw new StemmaError('INVALID_INPUT', `artifacts: the folder ${given} has no files to store`, {
      hint: 'Folders of version control systems and stemma stores do not count; name the folder that the model was saved to.',
      details: { path: given }
    })
  }
  const prefix = entry.path === undefined ? '' : `${entry.path}/`
  return files.map((file) => fileSource(prefix + file.relativePath, file, entry))
}

function fileSource(label: string, file: { path: string; sizeBytes: number }, entry: ArtifactEntry): NamedSource {
  return { path: label, source: { kind: 'file', label, path: file.path, sizeBytes: file.sizeBytes }, entry }
}

function contentSource(label: string, content: ArtifactContent): CopiedSource {
  if (typeof content === 'string') return { kind: 'bytes', label, bytes: encoder.encode(content) }
  return types.isUint8Array(content) ? { kind: 'bytes', label, bytes: content } : { kind: 'stream', label, stream: content }
}

function refuseDoubles(sorted: readonly NamedSource[]): void {
  for (const [index, { path, source }] of sorted.entries()) {
    const before = sorted[index - 1]
    if (before?.path !== path) continue
    const sources = [before.source, source].map((each) => (each.kind === 'file' ? each.path : each.label))
    throw new StemmaError('INVALID_INPUT', `artifacts: two sources would both be stored as ${path}: ${sources.join(' and ')}`, {
      hint: 'Give one of them another path: { source, path } or { content, path }.',
      details: { path, sources }
    })
  }
}
