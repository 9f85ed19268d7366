import { decideDelete } from '../../record/decide-delete.js'
import { decideTransition } from '../../record/decide-transition.js'
import { decideUpdate } from '../../record/decide-update.js'
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

/** See `Backend.deleteVersion`. */
export function deleteVersion(engine: Engine, request: DeleteRequest, options: MutationOptions): Promise<ModelVersion> {
  const { name } = request.reference
  return change(engine, { model: name, type: 'version.deleted', decide: (state) => decideDelete(state, request, engine.policy) }, options)
}

async function change(engine: Engine, what: Change, options: MutationOptions): Promise<ModelVersion> {
  const version = await commit(engine, what, options)
  // After the commit an abort is ignored.
  return engine.manifests.complete(version, {})
}
