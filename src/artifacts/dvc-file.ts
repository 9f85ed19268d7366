import { types } from 'node:util'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { StemmaError } from '../errors/stemma-error.js'
import { isNestedTooDeep } from '../record/yaml-nesting.js'
import { unreadableSource } from './inspect-source.js'

/** One output that a `.dvc` file tracks. */
export interface DvcOutput {
  path: string
  /** `md5:<hex>`, of a folder `md5:<hex>.dir`; `etag:<text>` or `checksum:<text>` for data in other storage. */
  digest: string
  sizeBytes?: number | undefined
}

/** What a `.dvc` file says. */
export interface DvcFile {
  /** At least one. */
  outputs: DvcOutput[]
  /** The commit that the data was imported from, when it came from another repository. */
  revision?: string | undefined
  /** Address of that repository, as it is written there. */
  repository?: string | undefined
}

const MAX_BYTES = 1_048_576

/**
 * Reads a `.dvc` file, the small YAML file that DVC keeps in git in place of data. Every value is taken as text, so that a digest
 * made of digits stays as it is.
 *
 * @throws {StemmaError} SOURCE_UNREADABLE; TOO_LARGE above 1 MiB; INVALID_INPUT when it is not YAML or tracks nothing.
 */
export async function readDvcFile(path: string): Promise<DvcFile> {
  const text = readSmallText(path)
  if (isNestedTooDeep(text)) throw notDvc(path, 'it is nested too deep')
  // Loaded when it is needed: few programs have .dvc files.
  const { parse } = await import('yaml')
  let content: unknown
  try {
    content = parse(text, { schema: 'failsafe', mapAsMap: true, maxAliasCount: 0, merge: false, prettyErrors: false, logLevel: 'silent' })
  } catch (error) {
    throw notDvc(path, 'it is not valid YAML', error)
  }
  const outputs = listAt(content, 'outs').map((output) => toOutput(path, output))
  if (outputs.length === 0) throw notDvc(path, 'it has no outs')
  const repositories = listAt(content, 'deps').map((dependency) => valueAt(dependency, 'repo'))
  const repository = repositories.find((each) => types.isMap(each))
  return { outputs, revision: textAt(repository, 'rev_lock'), repository: textAt(repository, 'url') }
}

function toOutput(path: string, output: unknown): DvcOutput {
  const name = textAt(output, 'path')
  if (name === undefined) throw notDvc(path, 'an entry of its outs has no path')
  const md5 = textAt(output, 'md5')
  if (md5 !== undefined && !/^[0-9a-f]{32}(\.dir)?$/.test(md5)) throw notDvc(path, `the md5 of ${name} is not 32 hex digits`)
  const [algorithm, value] = md5 === undefined ? foreignDigest(output) : ['md5', md5]
  if (value === undefined) throw notDvc(path, `${name} has no digest yet (run dvc commit)`)
  const size = textAt(output, 'size')
  const sizeBytes = size !== undefined && /^\d{1,15}$/.test(size) ? Number(size) : undefined
  return { path: name, digest: `${algorithm}:${value}`, sizeBytes }
}

function foreignDigest(output: unknown): [string, string | undefined] {
  const etag = textAt(output, 'etag')
  return etag === undefined ? ['checksum', textAt(output, 'checksum')] : ['etag', etag]
}

function valueAt(map: unknown, key: string): unknown {
  return types.isMap(map) ? map.get(key) : undefined
}

function textAt(map: unknown, key: string): string | undefined {
  const value = valueAt(map, key)
  return typeof value === 'string' && value !== '' ? value : undefined
}

function listAt(map: unknown, key: string): unknown[] {
  const value = valueAt(map, key)
  return Array.isArray(value) ? value : []
}

function readSmallText(path: string): string {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    throw unreadableSource(path, error)
  }
  try {
    const stats = fstatSync(file)
    if (!stats.isFile()) throw notDvc(path, 'it is not a file')
    const bytes = Buffer.alloc(MAX_BYTES + 1)
    const length = readSync(file, bytes, 0, bytes.byteLength, 0)
    if (length > MAX_BYTES) {
      throw new StemmaError('TOO_LARGE', `${path} has more than ${MAX_BYTES} bytes, which no .dvc file has`, {
        hint: 'A .dvc file is the small file beside the data; name the data itself to have it hashed.',
        details: { path, limit: MAX_BYTES }
      })
    }
    return bytes.toString('utf8', 0, length)
  } finally {
    closeSync(file)
  }
}

function notDvc(path: string, reason: string, cause?: unknown): StemmaError {
  return new StemmaError('INVALID_INPUT', `${path} cannot be read as a .dvc file: ${reason}`, {
    hint: 'Name the data itself, or give name and digest of the data set.',
    details: { path },
    cause
  })
}
