import { createHash } from 'node:crypto'
import { lstatSync } from 'node:fs'
import { basename, relative, resolve, sep } from 'node:path'
import { StemmaError } from '../errors/stemma-error.js'
import { nodeStoreFs } from '../io/node-store-fs.js'
import type { StoreFs } from '../io/store-fs.js'
import { redactUrl } from '../record/secret-scan.js'
import { datasetSchema, type Dataset } from '../schemas/dataset.js'
import type { DatasetInput } from '../schemas/log-input.js'
import { parse } from '../schemas/parse.js'
import { canonicalJsonBytes } from '../util/canonical-json.js'
import type { CallOptions } from '../util/options.js'
import { readDvcFile, type DvcFile } from './dvc-file.js'
import { hashData } from './hash-data.js'
import { isInside, unreadableSource } from './inspect-source.js'

/** Options of {@link resolveDataset}. */
export interface DatasetOptions extends CallOptions {
  /** Absolute folder that relative paths start at. */
  directory: string
  /** What hashes files. @default the file system of this machine */
  fs?: StoreFs | undefined
}

/**
 * Makes a data set that a caller names into one that can be found again.
 *
 * A text is, in this order: an address (`s3://bucket/train.parquet`), the path of a `.dvc` file, the path of a file or folder, or a
 * name, with a version if there is an `@` (`imdb@1.0.0`, `imdb@sha256:…`). `path` of an object is read the same way. A text without
 * version and digest that looks like a file (it has a `/` or `\`, or ends like `.csv`) and is not there is taken for a mistyped path,
 * not for a name; `name` of an object is never guessed about.
 * A file or folder is hashed, see {@link hashData}; a `.dvc` file gives the digest that DVC tracks, of several outputs the sha256 of
 * their canonical listing, and, for imported data, the repository and commit. Credentials in addresses are left out.
 * What the caller says stands before what is found. The name of a file or folder is by default its path from `directory` with `/`
 * (`data/loans.csv`), so that `a/train.csv` and `b/train.csv` are two data sets; outside of `directory` it is the base name; that of a
 * `.dvc` file is without `.dvc`; of an address it is the last part.
 *
 * @throws {StemmaError} SOURCE_UNREADABLE, SOURCE_UNSUPPORTED, SOURCE_CHANGED, TOO_LARGE, INVALID_PATH for data that cannot be
 * hashed; INVALID_INPUT when there is nothing to name it by; DIGEST_MISMATCH when the caller's digest is not that of the data.
 * @example
 * ```ts
 * await resolveDataset('data/train.csv.dvc', { directory: process.cwd() })
 * // { name: 'data/train.csv', digest: 'md5:a304afb96060aad90176268345e10355', sizeBytes: 37891850 }
 * ```
 */
export async function resolveDataset(input: string | DatasetInput, options: DatasetOptions): Promise<Dataset> {
  options.signal?.throwIfAborted()
  const found = typeof input === 'string' ? await readText(input, options) : await completeInput(input, options)
  const present = Object.entries(found).filter(([, value]) => value !== undefined)
  return parse(datasetSchema, Object.fromEntries(present), { what: `data set ${found.name}` })
}

interface Found {
  name: string
  version?: string | undefined
  digest?: string | undefined
  uri?: string | undefined
  role?: string | undefined
  sizeBytes?: number | undefined
}

async function readText(text: string, options: DatasetOptions): Promise<Found> {
  if (text === '' || text.includes('\0')) throw invalid('a data set is named by an empty text, or one with a NUL character')
  if (isUri(text)) return { name: nameOfUri(text), uri: redactUrl(text) }
  const path = resolve(options.directory, text)
  if (looksLikePath(text) || lstatSync(path, { throwIfNoEntry: false })) return await readPath(path, options)
  const at = text.lastIndexOf('@')
  const digestAt = text.search(/@[a-z0-9]+:[0-9a-f]+$/)
  if (digestAt > 0) return { name: text.slice(0, digestAt), digest: text.slice(digestAt + 1) }
  if (at > 0 && at < text.length - 1) return { name: text.slice(0, at), version: text.slice(at + 1) }
  if (looksLikeFile(text)) throw noSuchData(path, "if it is a name, write { name: '…' } or name@version")
  return { name: text }
}

async function completeInput(input: DatasetInput, options: DatasetOptions): Promise<Found> {
  const { path, uri, ...said } = input
  const found = path === undefined ? undefined : await readPath(resolve(options.directory, path), options)
  if (said.digest?.startsWith('sha256:') && found?.digest?.startsWith('sha256:') && said.digest !== found.digest) {
    const message = `the data set ${String(path)} is not the one that was named: wanted ${said.digest}, found ${found.digest}`
    throw new StemmaError('DIGEST_MISMATCH', message, {
      hint: 'Leave the digest out to log the data as it is, or restore the data.',
      details: { path, expected: said.digest, found: found.digest }
    })
  }
  const name = said.name ?? found?.name ?? (uri === undefined ? undefined : nameOfUri(uri))
  if (name === undefined) throw invalid('a data set has neither name nor path nor uri')
  const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
  return { ...found, ...given, ...(uri !== undefined && { uri: redactUrl(uri) }), name }
}

async function readPath(path: string, options: DatasetOptions): Promise<Found> {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (!stats) throw noSuchData(path)
  const name = nameOfPath(path, options.directory)
  if (name.endsWith('.dvc') && !stats.isDirectory()) return fromDvc(name.slice(0, -'.dvc'.length), await readDvcFile(path))
  return { name, ...(await hashData(path, options.fs ?? nodeStoreFs, { signal: options.signal })) }
}

function fromDvc(name: string, { outputs, revision, repository }: DvcFile): Found {
  const [only] = outputs
  const sizes = outputs.map(({ sizeBytes }) => sizeBytes)
  const sizeBytes = sizes.reduce<number | undefined>((sum, size) => (sum === undefined || size === undefined ? undefined : sum + size), 0)
  const origin = { version: revision, uri: repository === undefined ? undefined : redactUrl(repository) }
  if (only !== undefined && outputs.length === 1) return { name, digest: only.digest, sizeBytes, ...origin }
  const listing = outputs.map(({ path, digest }) => ({ path, digest })).sort((a, b) => (a.path < b.path ? -1 : 1))
  return { name, digest: `sha256:${createHash('sha256').update(canonicalJsonBytes(listing)).digest('hex')}`, sizeBytes, ...origin }
}

function isUri(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
}

function looksLikePath(text: string): boolean {
  return /^(\.{0,2}[/\\]|[a-z]:[/\\])/i.test(text) || text.endsWith('.dvc')
}

/** A name may be anything; this is only asked of a text that is no path that exists. */
function looksLikeFile(text: string): boolean {
  return /[/\\]/.test(text) || /\.[A-Za-z][A-Za-z0-9]{1,7}$/.test(text)
}

function noSuchData(path: string, hint?: string): StemmaError {
  const error = unreadableSource(path, Object.assign(new Error(`no such file or folder: ${path}`), { code: 'ENOENT' }))
  if (hint === undefined || error.code !== 'SOURCE_UNREADABLE') return error
  return new StemmaError(error.code, error.message, { hint: `Check the spelling; ${hint}.`, details: error.details, cause: error.cause })
}

/** The path from the working folder, with `/`; outside of it, and for itself, the base name: `../../x` says nothing elsewhere. */
function nameOfPath(path: string, directory: string): string {
  const inside = relative(directory, path)
  return inside !== '' && isInside(directory, path) ? inside.replaceAll(sep, '/') : basename(path)
}

function nameOfUri(uri: string): string {
  const path = uri.replace(/[?#].*$/s, '').replace(/^[^:]*:\/\//, '').replace(/^[^/]*@/, '')
  return path.split('/').findLast((part) => part !== '') ?? 'data'
}

function invalid(message: string): StemmaError {
  return new StemmaError('INVALID_INPUT', message, { hint: 'Give a name, a path or an address: { name: "imdb", version: "1.0.0" }.' })
}
