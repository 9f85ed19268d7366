import { HEAD_BYTES, needsHead } from '../../artifacts/detect-format.js'
import { StemmaError } from '../../errors/stemma-error.js'
import { formatOf, roleOf } from '../../record/artifact-format.js'
import { checkArtifactPath, checkArtifactPaths } from '../../record/artifact-path.js'
import { buildManifest, manifestBytes } from '../../record/manifest.js'
import { parseJsonStrictly } from '../../record/parse-json.js'
import type { Digest } from '../../schemas/digest.js'
import { JSON_LIMITS, MAX_BATCH_BLOBS, MAX_JSON_BYTES, MAX_PUBLISH_BYTES } from '../../wire/limits.js'
import { bodyLimit } from '../admit.js'
import type { Call, ServerContext } from '../context.js'
import { readParts, type Part } from '../multipart/read-parts.js'
import { createPartStore, type PartStore } from '../multipart/store-parts.js'

/** A model that came in one request: its files are stored, and nothing is registered yet. */
export interface PublishedFiles {
  /** Digest of the manifest, which is stored, too. */
  manifest: Digest
  /** What the part `metadata` says. */
  metadata: unknown
}

/**
 * Reads a model in one request: the part `metadata` with JSON, and parts with a file name, which is the path of the artifact. In any order,
 * the metadata best first, so that a mistake in it costs no upload.
 *
 * @param check called with the metadata as soon as it is there; what it throws ends the request.
 * @throws {StemmaError} INVALID_INPUT, INVALID_PATH, TOO_LARGE; as `Backend.putBlobs`.
 */
export async function publishFiles(call: Call, { backend }: ServerContext, check: (metadata: unknown) => void): Promise<PublishedFiles> {
  const store = createPartStore(backend, call.signal, HEAD_BYTES)
  const paths: string[] = []
  let found: { metadata: unknown } | undefined
  for await (const part of readParts(call.incoming, { parts: MAX_BATCH_BLOBS, bytes: bodyLimit('publish') }, call.signal)) {
    if (part.filename !== undefined && part.name !== 'metadata') {
      await addFile(part, part.filename, paths, store)
      continue
    }
    if (part.name !== 'metadata') throw invalid(`the part ${JSON.stringify(part.name.slice(0, 100))} has no file name`)
    if (found !== undefined) throw invalid('there are two parts called metadata')
    found = { metadata: parseJsonStrictly(await readWhole(part), 'the part metadata', JSON_LIMITS) }
    check(found.metadata)
  }
  if (found === undefined) throw invalid('there is no part called metadata')
  if (paths.length === 0) throw invalid('there is no file')
  return { manifest: await storeManifest(paths, store, call, backend), metadata: found.metadata }
}

async function addFile({ bytes }: Part, path: string, paths: string[], store: PartStore): Promise<void> {
  checkArtifactPath(path)
  paths.push(path)
  await store.add(path, bytes, MAX_PUBLISH_BYTES)
}

async function storeManifest(paths: readonly string[], store: PartStore, call: Call, backend: ServerContext['backend']): Promise<Digest> {
  checkArtifactPaths(paths)
  const blobs = await store.finish()
  const artifacts = paths.map((path, index) => {
    const blob = blobs[index]
    if (!blob) throw new TypeError(`${blobs.length} of ${paths.length} parts were stored`)
    const format = needsHead(path) ? formatOf(path, blob.head) : formatOf(path)
    return { path, sizeBytes: blob.sizeBytes, digest: blob.digest, format, role: roleOf(path, format) }
  })
  const bytes = manifestBytes(buildManifest(artifacts))
  const [stored] = await backend.putBlobs([{ kind: 'bytes', label: 'manifest', bytes }], { signal: call.signal })
  if (!stored) throw new TypeError('the backend stored nothing')
  return stored.digest
}

async function readWhole({ bytes }: Part): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let sizeBytes = 0
  for await (const piece of bytes) {
    sizeBytes += piece.byteLength
    if (sizeBytes > MAX_JSON_BYTES) {
      throw new StemmaError('TOO_LARGE', `the part metadata has more than ${MAX_JSON_BYTES} bytes`, { details: { limit: MAX_JSON_BYTES } })
    }
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function invalid(problem: string): StemmaError {
  return new StemmaError('INVALID_INPUT', problem, {
    hint: `For instance: curl -F 'metadata={"name":"credit-score"}' -F 'file=@model.onnx;filename=model.onnx'.`
  })
}
