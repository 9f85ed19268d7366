import { decideCreate } from '../../record/decide-create.js'
import { manifestBytes } from '../../record/manifest.js'
import type { Digest } from '../../schemas/digest.js'
import type { ModelVersion } from '../../schemas/model-version.js'
import type { CreateVersionRequest } from '../../schemas/requests.js'
import { sha256Hex } from '../../util/sha256.js'
import type { MutationOptions } from '../backend.js'
import { requiredDigests } from './blob-presence.js'
import { commit } from './commit.js'
import type { Engine } from './engine.js'

/** See `Backend.createVersion`. */
export async function createVersion(engine: Engine, request: CreateVersionRequest, options: MutationOptions): Promise<ModelVersion> {
  const { name, manifest, birth } = request
  const bytes = manifestBytes(manifest)
  const digest: Digest = `sha256:${sha256Hex(bytes)}`
  engine.manifests.remember(digest, manifest, bytes)
  const version = await commit(
    engine,
    {
      model: name,
      type: 'version.created',
      decide: (state) => ({ kind: 'event', body: decideCreate(state, request, digest, engine.policy) }),
      blobs: requiredDigests(digest, manifest, birth)
    },
    options
  )
  // Read by its digest: the first result of a repeated call may have another manifest than this request.
  return engine.manifests.complete(version, {})
}
