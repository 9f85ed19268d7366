import { StemmaError } from '../../errors/stemma-error.js'
import { decideRollback } from '../../record/decide-rollback.js'
import { noSuchModel } from '../../record/not-found.js'
import type { ModelVersion, VersionSummary } from '../../schemas/model-version.js'
import type { RollbackRequest } from '../../schemas/requests.js'
import type { TransferOptions } from '../../util/options.js'
import type { MutationOptions } from '../backend.js'
import { commit, findReplay } from './commit.js'
import type { Engine } from './engine.js'

/** How often another version may turn out to be the target after the bytes of the first were verified. */
const MAX_TARGETS = 5

/** See `Backend.rollback`. */
export async function rollback(engine: Engine, request: RollbackRequest, options: MutationOptions & TransferOptions): Promise<ModelVersion> {
  const verified = new Set<string>()
  for (let count = 0; count < MAX_TARGETS; count += 1) {
    await verifyTarget(engine, request, options, verified)
    const result = await commitIfVerified(engine, request, options, verified)
    if (result) return engine.manifests.complete(result, {})
  }
  throw new StemmaError('CONFLICT_RETRIES', `what ${request.name} goes back to changed at every attempt`, {
    hint: 'Nothing was committed. Say which version with `to`, or try again.',
    details: { model: request.name, audience: request.audience }
  })
}

async function verifyTarget(
  engine: Engine,
  request: RollbackRequest,
  options: MutationOptions & TransferOptions,
  verified: Set<string>
): Promise<void> {
  const { state } = await engine.states.loadListed(request.name)
  if (state.head.n < 0) throw noSuchModel(request.name, await engine.log.models(options))
  if (await findReplay(engine, { model: request.name, type: 'stage.changed' }, state, options)) return
  const decision = decideRollback(state, request, engine.policy)
  if (decision.kind === 'unchanged') return
  const target = state.versions[(state.sequences.get(decision.body.data.version) ?? 0) - 1]
  if (!target || verified.has(target.version)) return
  await verifyBytes(engine, target, options)
  verified.add(target.version)
}

/** `undefined` when the target is another one by now, whose bytes nobody has looked at. */
async function commitIfVerified(engine: Engine, request: RollbackRequest, options: MutationOptions, verified: ReadonlySet<string>) {
  const moved = new Error('the target of the rollback moved')
  try {
    return await commit(
      engine,
      {
        model: request.name,
        type: 'stage.changed',
        decide: (state) => {
          const decision = decideRollback(state, request, engine.policy)
          if (decision.kind === 'event' && !verified.has(decision.body.data.version)) throw moved
          return decision
        }
      },
      options
    )
  } catch (error) {
    if (error === moved) return undefined
    throw error
  }
}

/** Reads all bytes of a version where they lie. */
async function verifyBytes(engine: Engine, target: VersionSummary, options: TransferOptions): Promise<void> {
  const { artifacts } = await engine.manifests.complete(target, options)
  const digests = [...new Set(artifacts.map((artifact) => artifact.digest))]
  const found = await engine.blobs.hash(digests, options)
  for (const [index, digest] of digests.entries()) {
    if (found[index] === digest) continue
    const path = artifacts.find((artifact) => artifact.digest === digest)?.path
    const what = found[index] === undefined ? 'is missing' : `is damaged: it hashes to ${found[index]}`
    throw new StemmaError(
      found[index] === undefined ? 'BLOB_MISSING' : 'DIGEST_MISMATCH',
      `cannot roll back to ${target.name}@${target.version}: ${path ?? 'an artifact'} (${digest}) ${what}`,
      {
        hint: 'Nothing was changed. Restore the blob from a backup, or log the same artifact again, or go back to another version with `to`.',
        details: { name: target.name, version: target.version, path, expected: digest, found: found[index] }
      }
    )
  }
}
