import { StemmaError } from '../errors/stemma-error.js'
import type { Policy } from '../schemas/policy.js'
import type { DeleteRequest } from '../schemas/requests.js'
import { PRODUCTION } from './live-version.js'
import type { Decision, ModelState } from './model-state.js'
import { locateVersion } from './resolve-reference.js'

/**
 * Decides on a tombstone. A deleted version keeps its number and its history, loses its aliases, and is in the stage `archived`.
 * Deleting it again changes nothing.
 *
 * @throws {StemmaError} NOT_FOUND; CONFLICT when the version is in production, naming the audiences that it is live for.
 */
export function decideDelete(state: ModelState, request: DeleteRequest, policy: Policy): Decision {
  const version = locateVersion(state, request.reference, policy)
  if (version.deleted !== undefined) return { kind: 'unchanged', version }
  if (version.stage === PRODUCTION) {
    const audiences = version.audiences.map((audience) => `'${audience}'`).join(', ')
    throw new StemmaError('CONFLICT', `cannot delete ${state.name}@${version.version}: it is in production for ${audiences}`, {
      hint: `Move it out first: promote another version, or transitionStage('${state.name}@${version.version}', 'archived').`,
      details: { model: state.name, version: version.version, audiences: version.audiences }
    })
  }
  return { kind: 'event', body: { type: 'version.deleted', data: { version: version.version, reason: request.reason } } }
}
