import { gatherBirth, resolveOrigins } from '../../registry/log-model/gather-birth.js'
import { prepareLog } from '../../registry/log-model/prepare-log.js'
import { versionRequest } from '../../registry/log-model/publish-model.js'
import { contextOf } from '../../registry/registry-context.js'
import { registerVersion } from '../../registry/register-version.js'
import type { ModelVersion } from '../../schemas/model-version.js'
import { parse } from '../../schemas/parse.js'
import { publishMetadataSchema } from '../../wire/messages.js'
import { assertScope } from '../admit.js'
import type { Call, ServerContext } from '../context.js'
import { publishFiles } from './publish-files.js'

/**
 * Stores the files of a small model and registers it, by the rules of `logModel`. Nothing of the server's own environment is captured. The same
 * `Idempotency-Key` answers with the first version.
 *
 * @param actorOf who it was, for the history, by what the request says.
 * @throws {StemmaError} as {@link publishFiles} and `Registry.logModel`; FORBIDDEN for aliases without the scope promote.
 */
export async function publishModel(call: Call, server: ServerContext, actorOf: (call: Call, said: string | undefined) => string | undefined): Promise<ModelVersion> {
  const { signal, operationId } = call
  const { manifest, metadata } = await publishFiles(call, server, (value) => {
    prepare(call, value)
  })
  const { log, actor } = prepare(call, metadata)
  const context = contextOf(server.registry)
  const birth = await gatherBirth(context, log, await resolveOrigins(context, log.fields.derivedFrom, signal), signal)
  const { allowSecretsAt } = log.fields
  return registerVersion(context, { ...versionRequest(log), manifest, birth, allowSecretsAt }, { signal, operationId, actor: actorOf(call, actor) })
}

/** Checks all that can be checked before a byte is stored. */
function prepare(call: Call, value: unknown) {
  const { actor, ...fields } = parse(publishMetadataSchema, value, { what: 'the part metadata', code: 'INVALID_METADATA' })
  if ((fields.aliases ?? []).length > 0) assertScope(call.caller, 'promote')
  return { actor, log: prepareLog({ ...fields, artifacts: {}, capture: false }) }
}
