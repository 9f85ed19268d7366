import type { MutationOptions } from '../../backends/backend.js'
import { manifestDigest } from '../../record/manifest.js'
import type { ModelVersion } from '../../schemas/model-version.js'
import type { TransferOptions } from '../../util/options.js'
import type { RegistryContext } from '../context.js'
import { gatherBirth, resolveOrigins } from './gather-birth.js'
import type { PreparedLog } from './prepare-log.js'
import { storeArtifacts } from './store-artifacts.js'
import { warnOfReplay } from './warn-of-replay.js'

/** Stores artifacts and gathers the story at the same time, then registers the version: the one step that others see. */
export async function publishModel(context: RegistryContext, log: PreparedLog, call: MutationOptions & TransferOptions): Promise<ModelVersion> {
  const { signal, onProgress, operationId, actor } = call
  const [birth, { manifest }] = await settleBoth(
    (async () => gatherBirth(context, log, await resolveOrigins(context, log.fields.derivedFrom, signal), signal))(),
    storeArtifacts(context, log, { signal, onProgress })
  )
  const version = await context.backend.createVersion({ ...versionRequest(log), manifest, birth }, { signal, operationId, actor })
  return warnOfReplay(context, version, manifestDigest(manifest), operationId)
}

/** What the caller said about the version itself: what a request has besides artifacts and story. */
export function versionRequest({ name, fields, metadata }: PreparedLog) {
  return {
    name,
    version: fields.version === undefined ? { bump: fields.bump ?? ('patch' as const) } : { exact: fields.version },
    tags: metadata.tags,
    description: fields.description,
    aliases: fields.aliases ?? [],
    ...(fields.allowSecretsAt === undefined ? {} : { allowSecretsAt: fields.allowSecretsAt })
  }
}

/** Like `Promise.all`, but rejects only when both have stopped: nothing of a failed log goes on in the background. */
export async function settleBoth<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b])
  return Promise.all([a, b])
}
