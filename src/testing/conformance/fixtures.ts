import assert from 'node:assert/strict'
import type { Backend, MutationOptions } from '../../backends/backend.js'
import type { ErrorCode } from '../../errors/codes.js'
import { isStemmaError, type StemmaError } from '../../errors/stemma-error.js'
import type { ByteSource } from '../../io/byte-source.js'
import { buildManifest, manifestBytes } from '../../record/manifest.js'
import { toReference } from '../../record/parse-reference.js'
import type { Birth } from '../../schemas/birth.js'
import type { Digest } from '../../schemas/digest.js'
import type { ModelVersion } from '../../schemas/model-version.js'
import type { CreateVersionRequest } from '../../schemas/requests.js'

const unavailable = { state: 'unavailable', reason: 'conformance' } as const

/** Birth metadata with nothing in it. */
export const EMPTY_BIRTH: Birth = {
  schemaVersion: 1,
  params: {},
  metrics: {},
  evaluations: [],
  featureImportance: {},
  datasets: [],
  derivedFrom: [],
  code: unavailable,
  environment: unavailable,
  hardware: unavailable
}

/** What {@link logVersion} takes besides the name. */
export interface VersionInput {
  files?: Record<string, string>
  version?: string
  bump?: 'major' | 'minor' | 'patch' | 'prerelease'
  birth?: Partial<Birth>
  tags?: Record<string, string>
  description?: string
  aliases?: string[]
}

/** Bytes to be stored, from text. */
export function textSource(label: string, text: string): ByteSource {
  return { kind: 'bytes', label, bytes: Buffer.from(text) }
}

/** Stores files and their manifest, and gives the request that registers them. */
export async function prepareVersion(backend: Backend, name: string, input: VersionInput = {}): Promise<CreateVersionRequest> {
  const files = Object.entries(input.files ?? { 'model.bin': `weights of ${name}` })
  const stored = await backend.putBlobs(files.map(([path, text]) => textSource(path, text)), {})
  const artifacts = files.map(([path], index) => {
    const blob = stored[index]
    assert(blob)
    return { path, sizeBytes: blob.sizeBytes, digest: blob.digest, format: 'binary', role: 'weights' as const }
  })
  const manifest = buildManifest(artifacts)
  await backend.putBlobs([{ kind: 'bytes', label: 'manifest', bytes: manifestBytes(manifest) }], {})
  return {
    name,
    manifest,
    birth: structuredClone({ ...EMPTY_BIRTH, ...input.birth }),
    version: input.version === undefined ? { bump: input.bump ?? 'patch' } : { exact: input.version },
    tags: input.tags ?? {},
    ...(input.description === undefined ? {} : { description: input.description }),
    aliases: input.aliases ?? []
  }
}

/** Stores files and registers them as a version. */
export async function logVersion(backend: Backend, name: string, input: VersionInput = {}, options: MutationOptions = {}): Promise<ModelVersion> {
  return backend.createVersion(await prepareVersion(backend, name, input), options)
}

/** Moves the version that a reference means. */
export async function move(backend: Backend, reference: string, stage: string, options: { audience?: string; expectedCurrent?: string | null } & MutationOptions = {}) {
  const { audience, expectedCurrent, ...call } = options
  return backend.transition({ reference: toReference(reference), stage, audience, expectedCurrent }, call)
}

/** The version number that a reference means, or the code of the error that it gives. */
export async function numberOf(backend: Backend, reference: string): Promise<string> {
  try {
    return (await backend.resolve(toReference(reference), {})).version
  } catch (error) {
    if (isStemmaError(error)) return error.code
    throw error
  }
}

/** The StemmaError that work must fail with. */
export async function failure(work: Promise<unknown>, code: ErrorCode): Promise<StemmaError> {
  const error: unknown = await work.then(
    () => assert.fail(`expected ${code}, but it succeeded`),
    (reason: unknown) => reason
  )
  assert(isStemmaError(error), `expected ${code}, found ${String(error)}`)
  assert.equal(error.code, code, error.message)
  return error
}

/** All that an iterable gives. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

/** The bytes of a blob as text. */
export async function readText(backend: Backend, digest: Digest, start?: number): Promise<string> {
  return Buffer.concat(await all(backend.openBlob(digest, { start }))).toString('utf8')
}

/** A digest that no bytes here have. */
export const ABSENT: Digest = `sha256:${'0'.repeat(64)}`
