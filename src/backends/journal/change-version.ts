import { isStemmaError } from '../../errors/stemma-error.js'
import { decideDelete } from '../../record/decide-delete.js'
import { decideTransition } from '../../record/decide-transition.js'
import { decideUpdate } from '../../record/decide-update.js'
import type { Decision, ModelState } from '../../record/model-state.js'
import type { ModelVersion } from '../../schemas/model-version.js'
import type { DeleteRequest, TransitionRequest, UpdateRequest } from '../../schemas/requests.js'
import type { MutationOptions } from '../backend.js'
import { commit, type Change } from './commit.js'
import type { Engine } from './engine.js'

/** See `Backend.transition`. */
export function transition(engine: Engine, request: TransitionRequest, options: MutationOptions): Promise<ModelVersion> {
  const { name } = request.reference
  return change(engine, { model: name, type: 'stage.changed', decide: (state) => decideTransition(state, request, engine.policy) }, options)
}

/** See `Backend.updateMetadata`. */
export function updateMetadata(engine: Engine, request: UpdateRequest, options: MutationOptions): Promise<ModelVersion> {
  const { name } = request.reference
  return change(engine, { model: name, type: 'metadata.updated', decide: (state) => decideUpdate(state, request, engine.policy) }, options)
}

/**
 * See `Backend.deleteVersion`. A version whose manifest is damaged or gone can be deleted, too; the answer then lists no artifacts,
 * while `artifactCount` says how many there were.
 */
export async function deleteVersion(engine: Engine, request: DeleteRequest, options: MutationOptions): Promise<ModelVersion> {
  const { name } = request.reference
  const decide = (state: ModelState): Decision => decideDelete(state, request, engine.policy)
  const version = await commit(engine, { model: name, type: 'version.deleted', decide }, options)
  try {
    return await engine.manifests.complete(version, {})
  } catch (error) {
    if (isStemmaError(error, 'BLOB_MISSING', 'DIGEST_MISMATCH')) return { ...version, artifacts: [] }
    throw error
  }
}

async function change(engine: Engine, what: Change, options: MutationOptions): Promise<ModelVersion> {
  const version = await commit(engine, what, options)
  // After the commit an abort is ignored.
  return engine.manifests.complete(version, {})
}
