import type { ModelVersion } from '../../schemas/model-version.js'
import { MAX_INLINE_ARTIFACTS } from '../../wire/limits.js'
import type { WireVersion } from '../../wire/messages.js'
import type { Call } from '../context.js'
import { sendJson } from '../reply.js'

/** A version as it goes over the wire: a long list of artifacts is left to its manifest. */
export function toWire(version: ModelVersion): WireVersion {
  return version.artifacts.length <= MAX_INLINE_ARTIFACTS ? version : { ...version, artifacts: undefined }
}

/** Answers a call with a version. */
export function sendVersion({ outgoing, route }: Call, version: ModelVersion): void {
  sendJson(outgoing, route.status, toWire(version))
}
