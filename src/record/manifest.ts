import { createHash } from 'node:crypto'
import { StemmaError } from '../errors/stemma-error.js'
import { manifestSchema, type Artifact, type Manifest } from '../schemas/artifact.js'
import type { Digest } from '../schemas/digest.js'
import { parse } from '../schemas/parse.js'
import { upgrade, type UpgradeStep } from '../schemas/upgrade.js'
import { canonicalJsonBytes } from '../util/canonical-json.js'
import { checkArtifactPaths } from './artifact-path.js'
import { compareUtf8 } from './compare-utf8.js'
import { parseJsonStrictly } from './parse-json.js'
import { quote } from './quote.js'

/** A manifest may not be larger: 64 MiB. */
export const MAX_MANIFEST_BYTES = 64 * 1024 * 1024
/** A version may not have more artifacts. */
export const MAX_ARTIFACTS = 100_000

const SCHEMA_VERSION = 1
const ARTIFACT_KEYS = 5
const UPGRADES: readonly UpgradeStep[] = []

/**
 * Manifests that were built here: frozen, all their keys in canonical order. With their bytes, once made: who stores them and who
 * registers them ask one after the other.
 */
const built = new WeakMap<Manifest, WeakRef<Uint8Array> | undefined>()

/**
 * The manifest of a set of artifacts: their paths checked together, sorted by UTF-8 bytes; frozen copies.
 *
 * @throws {StemmaError} INVALID_PATH; TOO_LARGE for more than 100,000 artifacts.
 */
export function buildManifest(artifacts: readonly Artifact[]): Manifest {
  checkCount(artifacts.length, 'a version')
  checkArtifactPaths(artifacts.map(({ path }) => path))
  // Keys of a newer schema are kept, and sorted in when the bytes are made.
  const isPlain = artifacts.every((artifact) => Object.keys(artifact).length === ARTIFACT_KEYS)
  const copies = artifacts.map(({ digest, format, path, role, sizeBytes, ...others }) => {
    const copy: Artifact = { digest, format, path, role, sizeBytes, ...others }
    Object.freeze(copy)
    return copy
  })
  const manifest: Manifest = { artifacts: copies.sort((a, b) => compareUtf8(a.path, b.path)), schemaVersion: SCHEMA_VERSION }
  Object.freeze(manifest.artifacts)
  Object.freeze(manifest)
  if (isPlain) built.set(manifest, undefined)
  return manifest
}

/**
 * A manifest that was read, as {@link buildManifest} would have made it, where that has the very bytes that were read: whoever registers it then
 * need not make them again, and read them again. Any other is given back as it is.
 */
export function rebuiltManifest(manifest: Manifest, bytes: Uint8Array): Manifest {
  const rebuilt = buildManifest(manifest.artifacts)
  const known = builtBytes(rebuilt)
  return known !== undefined && Buffer.compare(known, bytes) === 0 ? rebuilt : manifest
}

/** Whether a manifest comes from {@link buildManifest} of this process: then it is sound, and nobody has changed it since. */
export function isBuilt(manifest: Manifest): boolean {
  return built.has(manifest)
}

/**
 * The canonical bytes of a manifest (RFC 8785): what is stored as a blob.
 *
 * @throws {StemmaError} TOO_LARGE for more than 64 MiB.
 */
export function manifestBytes(manifest: Manifest): Uint8Array {
  const bytes = builtBytes(manifest) ?? canonicalJsonBytes(manifest)
  checkSize(bytes, 'the manifest of a version')
  return bytes
}

const encoder = new TextEncoder()

/** From here on compiling the schema pays. */
const LARGE_BYTES = 65_536

/** JSON.stringify writes strings and numbers as RFC 8785 wants them, but for halves of surrogate pairs, which that refuses. */
function builtBytes(manifest: Manifest): Uint8Array | undefined {
  if (!built.has(manifest)) return undefined
  const known = built.get(manifest)?.deref()
  if (known !== undefined) return known
  const text = JSON.stringify(manifest)
  if (text.includes('\\ud')) return undefined
  const bytes = encoder.encode(text)
  built.set(manifest, new WeakRef(bytes))
  return bytes
}

/** The digest of a version: that of its manifest's canonical bytes. */
export function manifestDigest(manifest: Manifest): Digest {
  return digestOf(manifestBytes(manifest))
}

/**
 * Reads a manifest that comes from a store, a cache or the network. Nothing in it is trusted: its bytes are held against the digest,
 * then every path is checked as if a caller had given it.
 *
 * @param expected the digest of the version.
 * @throws {StemmaError} DIGEST_MISMATCH for other bytes; TOO_LARGE for more than 64 MiB or 100,000 artifacts; FORMAT_TOO_NEW;
 * INVALID_PATH, INVALID_INPUT for a manifest that stemma would never have written.
 */
export function readManifest(bytes: Uint8Array, expected: string): Manifest {
  const what = `manifest ${expected}`
  checkSize(bytes, what)
  const found = digestOf(bytes)
  if (found !== expected) {
    throw new StemmaError('DIGEST_MISMATCH', `${what} is damaged: its ${bytes.byteLength} bytes have the digest ${found}`, {
      hint: 'Run verify on the registry to see what else is damaged.',
      details: { expected, found }
    })
  }
  const record = upgrade(parseJsonStrictly(bytes, what), UPGRADES, SCHEMA_VERSION, what)
  if (hasArtifacts(record)) checkCount(record.artifacts.length, what)
  const manifest = parse(manifestSchema, record, { what, isLarge: bytes.byteLength > LARGE_BYTES })
  checkArtifactPaths(manifest.artifacts.map(({ path }) => path))
  checkOrder(manifest.artifacts, what)
  return manifest
}

function hasArtifacts(record: unknown): record is { artifacts: unknown[] } {
  return typeof record === 'object' && record !== null && 'artifacts' in record && Array.isArray(record.artifacts)
}

function checkCount(count: number, what: string): void {
  if (count <= MAX_ARTIFACTS) return
  throw new StemmaError('TOO_LARGE', `${what} has ${count} artifacts; at most ${MAX_ARTIFACTS} are allowed`, {
    hint: 'Pack small files into an archive.',
    details: { count, limit: MAX_ARTIFACTS }
  })
}

function checkSize(bytes: Uint8Array, what: string): void {
  if (bytes.byteLength <= MAX_MANIFEST_BYTES) return
  throw new StemmaError('TOO_LARGE', `${what} has ${bytes.byteLength} bytes; at most ${MAX_MANIFEST_BYTES} are allowed`, {
    hint: 'Use fewer or shorter paths.',
    details: { sizeBytes: bytes.byteLength, limit: MAX_MANIFEST_BYTES }
  })
}

function checkOrder(artifacts: readonly Artifact[], what: string): void {
  for (const [index, artifact] of artifacts.entries()) {
    const next = artifacts[index + 1]
    if (next && compareUtf8(artifact.path, next.path) >= 0) {
      throw new StemmaError('INVALID_INPUT', `${what} is not sorted: ${quote(next.path)} comes after ${quote(artifact.path)}`)
    }
  }
}

function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
