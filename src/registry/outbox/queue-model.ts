import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { MutationOptions } from '../../backends/backend.js'
import { openLocalBackend } from '../../backends/local/open-local.js'
import { createNodeStoreFs } from '../../io/node-store-fs.js'
import { toStemmaError } from '../../io/system-error.js'
import { formatReference } from '../../record/format-reference.js'
import { manifestDigest } from '../../record/manifest.js'
import { toReference } from '../../record/parse-reference.js'
import type { DerivationInput } from '../../schemas/log-input.js'
import { newId } from '../../util/new-id.js'
import type { TransferOptions } from '../../util/options.js'
import type { RegistryContext } from '../context.js'
import { gatherBirth } from '../log-model/gather-birth.js'
import type { PreparedLog } from '../log-model/prepare-log.js'
import { settleBoth, versionRequest } from '../log-model/publish-model.js'
import { storeArtifacts } from '../log-model/store-artifacts.js'
import { makeOutbox, PARTIAL, publishEntry, storeOf } from './outbox-folder.js'
import { toQueuedModel, type QueuedEntry, type QueuedModel } from './queued-model.js'

/** A call whose operation id is fixed, so that every attempt at it is the same operation. */
export type QueueingCall = MutationOptions & TransferOptions & { operationId: string }

/** Stores a model in the outbox, durable and all or nothing, with the request that will deliver it. */
export async function queueModel(context: RegistryContext, log: PreparedLog, call: QueueingCall): Promise<{ queued: QueuedModel; entry: QueuedEntry }> {
  const { sources, outbox: findOutbox } = context
  const outbox = findOutbox()
  const fs = createNodeStoreFs(sources)
  const id = newId(sources)
  const partial = join(outbox, id + PARTIAL)
  try {
    await makeOutbox(outbox, fs)
    const entry = await gatherEntry(context, log, call, partial)
    return { queued: toQueuedModel(entry, await publishEntry(outbox, id, entry, fs)), entry }
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    throw toStemmaError(error, `cannot queue ${log.name} in ${outbox}`)
  }
}

async function gatherEntry(context: RegistryContext, log: PreparedLog, call: QueueingCall, partial: string): Promise<QueuedEntry> {
  const { sources } = context
  const { signal, onProgress, actor, operationId } = call
  const queuedAtMs = sources.now()
  const backend = await openLocalBackend({ root: storeOf(partial), sources })
  try {
    const [birth, { manifest }] = await settleBoth(
      gatherBirth({ backend, sources }, log, [], signal),
      storeArtifacts({ backend }, log, { signal, onProgress })
    )
    const { description, ...request } = versionRequest(log)
    return {
      format: 1,
      location: context.backend.location,
      queuedAt: new Date(queuedAtMs).toISOString(),
      operationId,
      ...(actor === undefined ? {} : { actor }),
      manifest: manifestDigest(manifest),
      sizeBytes: manifest.artifacts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      artifactCount: manifest.artifacts.length,
      birth,
      origins: pinOrigins(log.fields.derivedFrom, queuedAtMs),
      ...request,
      ...(description === undefined ? {} : { description })
    }
  } finally {
    await backend.close()
  }
}

/** A reference that may come to mean another version is asked as of now: delivery may be days away. */
function pinOrigins(input: DerivationInput | DerivationInput[] | undefined, nowMs: number): QueuedEntry['origins'] {
  const origins = input === undefined ? [] : Array.isArray(input) ? input : [input]
  return origins.map(({ model, relation }) => {
    const reference = toReference(model)
    const isFixed = reference.at !== undefined || ['version', 'sequence', 'digest'].includes(reference.selector.kind)
    return { model: formatReference(isFixed ? reference : { ...reference, at: nowMs }), relation }
  })
}
