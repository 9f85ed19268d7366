import { StemmaError } from '../../errors/stemma-error.js'
import { decideCreate } from '../../record/decide-create.js'
import { manifestBytes } from '../../record/manifest.js'
import type { Digest } from '../../schemas/digest.js'
import type { ModelVersion } from '../../schemas/model-version.js'
import type { CreateVersionRequest } from '../../schemas/requests.js'
import { sha256Hex } from '../../util/sha256.js'
import type { Backend, MutationOptions } from '../backend.js'
import { allOf } from './all-of.js'
import { placementOf } from './placement.js'
import { ensureRegisteredModel } from './registered-model.js'
import type { MlflowParts } from './with-mlflow.js'

/** Registers versions: checks that it is possible, puts the files on the server, commits to the journal. */
export function createOnServer(inner: Backend, { connection, states, places, blobs, spool }: MlflowParts) {
  let running = 0

  return async (request: CreateVersionRequest, options: MutationOptions): Promise<ModelVersion> => {
    options.signal?.throwIfAborted()
    const { name, manifest, birth } = request
    const { state } = await states.load(name)
    if (options.operationId !== undefined && state.operations.has(options.operationId)) return inner.createVersion(request, options)
    const bytes = manifestBytes(manifest)
    const digest: Digest = `sha256:${sha256Hex(bytes)}`
    // What is refused is refused before anything is sent.
    decideCreate(state, request, digest, inner.policy)
    const needed = [...manifest.artifacts.map((artifact) => artifact.digest), ...environmentDigests(birth)]
    const [missing] = await blobs.missing(needed)
    if (missing !== undefined) throw blobMissing(missing, inner.location)
    // With what it needs to write YAML: who only reads does without.
    const { storeVersion } = await import('./store-version.js')
    running += 1
    try {
      const storing = storeVersion(connection, request, options)
      const [stored] = await allOf(storing, ensureRegisteredModel(connection.client, connection.names.toMlflow(name))).catch(async (error: unknown) => {
        await storing.then((one) => one.discard()).catch(() => undefined)
        throw error
      })
      const placed = { ...birth, mlflow: stored.placement }
      places.remember(digest, Buffer.from(bytes).toString('utf8'))
      try {
        const version = await inner.createVersion({ ...request, birth: placed }, options)
        // The same operation was faster elsewhere: this one's files belong to nobody.
        if (placementOf(version)?.artifactUri !== stored.placement.artifactUri) await stored.discard()
        return version
      } catch (error) {
        if (!isOpen(error)) await stored.discard()
        throw error
      }
    } finally {
      running -= 1
      if (running === 0) await spool.drop(spool.digests().filter((one) => places.hasFile(one)))
    }
  }
}

function environmentDigests({ environment }: CreateVersionRequest['birth']): Digest[] {
  if (environment.state !== 'captured') return []
  return (environment.files ?? []).flatMap(({ digest }) => (digest.startsWith('sha256:') ? [`sha256:${digest.slice('sha256:'.length)}` as const] : []))
}

function isOpen(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'COMMIT_UNKNOWN'
}

function blobMissing(digest: Digest, location: string): StemmaError {
  return new StemmaError('BLOB_MISSING', `${digest} is not stored in ${location}`, {
    hint: 'Store all bytes before the version is registered. Nothing was committed.',
    details: { digest }
  })
}
