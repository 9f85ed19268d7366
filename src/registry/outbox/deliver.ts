import type { Backend } from '../../backends/backend.js'
import { openLocalBackend } from '../../backends/local/open-local.js'
import { StemmaError } from '../../errors/stemma-error.js'
import type { ByteSource } from '../../io/byte-source.js'
import { MAX_MANIFEST_BYTES, readManifest } from '../../record/manifest.js'
import type { Manifest } from '../../schemas/artifact.js'
import { digestSchema, type Digest } from '../../schemas/digest.js'
import type { ModelVersion } from '../../schemas/model-version.js'
import { parse } from '../../schemas/parse.js'
import type { TransferOptions } from '../../util/options.js'
import type { RegistryContext } from '../context.js'
import { resolveOrigins } from '../log-model/gather-birth.js'
import { warnOfReplay } from '../log-model/warn-of-replay.js'
import { storeOf } from './outbox-folder.js'
import type { QueuedEntry } from './queued-model.js'

/**
 * Sends a queued model to the registry. May be done any number of times, also by several processes: the operation id makes all of them
 * one version.
 */
export async function deliver(context: RegistryContext, folder: string, entry: QueuedEntry, options: TransferOptions): Promise<ModelVersion> {
  const store = await openLocalBackend({ root: storeOf(folder), sources: context.sources, create: false })
  try {
    const { name, birth, version, tags, description, aliases, allowSecretsAt, operationId, actor } = entry
    const { signal } = options
    const bytes = await readManifestBytes(store, entry.manifest, options)
    const manifest = readManifest(bytes, entry.manifest)
    await sendBlobs(context, store, { entry, manifest, bytes }, options)
    const derivedFrom = await resolveOrigins(context, entry.origins, signal)
    const request = { name, manifest, birth: { ...birth, derivedFrom }, version, tags, description, aliases, allowSecretsAt }
    return warnOfReplay(context, await context.backend.createVersion(request, { signal, operationId, actor }), entry.manifest, operationId)
  } finally {
    await store.close()
  }
}

async function readManifestBytes(store: Backend, digest: Digest, { signal }: TransferOptions): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of store.openBlob(digest, { signal })) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > MAX_MANIFEST_BYTES) break
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The registry hashes what it gets, so that bytes that were damaged while they waited do not become a version. */
async function sendBlobs(
  context: RegistryContext,
  store: Backend,
  { entry, manifest, bytes }: { entry: QueuedEntry; manifest: Manifest; bytes: Uint8Array },
  options: TransferOptions
): Promise<void> {
  const wanted = [...manifest.artifacts, ...environmentFiles(entry)].map(({ path, sizeBytes, digest }) => ({ path, sizeBytes, digest: parse(digestSchema, digest, { what: path }) }))
  const sources = wanted.map(({ path, sizeBytes, digest }): ByteSource => ({ kind: 'file', label: path, path: store.localBlobPath(digest) ?? '', sizeBytes }))
  const stored = await context.backend.putBlobs([...sources, { kind: 'bytes', label: 'manifest', bytes }], options)
  for (const [index, { path, digest }] of wanted.entries()) {
    const found = stored[index]?.digest
    if (found === digest) continue
    throw new StemmaError('DIGEST_MISMATCH', `${path} of the queued ${entry.name} is damaged: wanted ${digest}, found ${found ?? 'nothing'}`, {
      hint: 'Log the model again from its source, and give the queued one up: stemma outbox discard (discardQueued).',
      details: { path, expected: digest, found }
    })
  }
}

function environmentFiles({ birth: { environment } }: QueuedEntry): { path: string; sizeBytes: number; digest: string }[] {
  return environment.state === 'captured' ? (environment.files ?? []) : []
}
