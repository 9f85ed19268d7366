import type { Digest } from '../schemas/digest.js'
import type { EventBody } from '../schemas/event.js'
import type { Policy } from '../schemas/policy.js'
import type { CreateVersionRequest } from '../schemas/requests.js'
import { checkAlias } from './alias.js'
import { nextVersion } from './bump-version.js'
import type { ModelState } from './model-state.js'

/**
 * Decides on a new version: gives it the next sequence and its number. Numbers and sequences of deleted versions stay taken.
 *
 * @param digest sha256 of the manifest's canonical bytes.
 * @throws {StemmaError} ALREADY_EXISTS, INVALID_VERSION, INVALID_ALIAS.
 */
export function decideCreate(state: ModelState, request: CreateVersionRequest, digest: Digest, policy: Policy): EventBody {
  const aliases = [...new Set(request.aliases)].sort()
  for (const alias of aliases) checkAlias(alias, policy.stages)
  const { artifacts } = request.manifest
  return {
    type: 'version.created',
    data: {
      version: nextVersion([...state.sequences.keys()], request.version),
      sequence: state.versions.length + 1,
      digest,
      sizeBytes: artifacts.reduce((sum, artifact) => sum + artifact.sizeBytes, 0),
      artifactCount: artifacts.length,
      birth: request.birth,
      tags: request.tags,
      aliases,
      ...(request.description === undefined ? {} : { description: request.description })
    }
  }
}
