import { isStemmaError } from '../../errors/stemma-error.js'
import { locateVersion } from '../../record/resolve-reference.js'
import type { Digest } from '../../schemas/digest.js'
import type { Reference } from '../../schemas/reference.js'
import type { Problem, VerificationReport } from '../../schemas/report.js'
import type { TransferOptions } from '../../util/options.js'
import type { VerifyRequest } from '../backend.js'
import type { Engine } from './engine.js'
import { stateFor } from './read-model.js'
import { verifyBlobs } from './verify-blobs.js'
import { verifyJournal, type JournalledVersion } from './verify-journal.js'

/** What a blob is needed for: `name@1.0.0:model.onnx`. */
export type Needs = Map<Digest, string[]>

/** Most entries of `affects`. */
const MAX_AFFECTS = 100

/** See `Backend.verify`. Damage in one model does not keep the others from being looked at. */
export async function verify(engine: Engine, { reference }: VerifyRequest, options: TransferOptions): Promise<VerificationReport> {
  const problems: Problem[] = []
  const names = reference ? [reference.name] : (await engine.log.models(options)).sort()
  const versions: JournalledVersion[] = []
  let models = 0
  let events = 0
  for (const name of names) {
    const journal = await verifyJournal(engine, name, options)
    problems.push(...journal.problems)
    versions.push(...journal.versions)
    events += journal.events
    if (journal.events > 0) models += 1
  }
  const wanted = reference ? await onlyVersion(engine, reference, versions, options) : versions
  const needs = await collectNeeds(engine, wanted, problems, options)
  const { blobs, bytes } = await verifyBlobs(engine, { needs, isWholeStore: !reference, problems }, options)
  return { ok: problems.length === 0, models, versions: wanted.length, events, blobs, bytes, problems }
}

/** The version asked about, looked up among what the events tell when the journal is too damaged to be folded. */
async function onlyVersion(engine: Engine, reference: Reference, versions: readonly JournalledVersion[], options: TransferOptions) {
  try {
    const { version } = locateVersion(await stateFor(engine, reference, options), reference, engine.policy)
    return versions.filter((candidate) => candidate.version === version)
  } catch (error) {
    if (!isStemmaError(error, 'LOG_CORRUPT', 'LOG_GAP', 'ROLLBACK_DETECTED', 'FORMAT_TOO_NEW')) throw error
    const { selector } = reference
    return versions.filter(({ version, digest }) => {
      if (selector.kind === 'version') return version === selector.version
      return selector.kind !== 'digest' || digest === selector.digest
    })
  }
}

/** All blobs that versions need, and the manifests that cannot be read. Artifacts of deleted versions may be gone. */
async function collectNeeds(engine: Engine, versions: readonly JournalledVersion[], problems: Problem[], options: TransferOptions): Promise<Needs> {
  const needs: Needs = new Map()
  const note = (digest: Digest, what: string): void => {
    const list = needs.get(digest) ?? []
    if (list.length < MAX_AFFECTS) list.push(what)
    needs.set(digest, list)
  }
  for (const { name, version, digest, environmentFiles, deleted } of versions) {
    options.signal?.throwIfAborted()
    note(digest, `${name}@${version}`)
    for (const file of environmentFiles) note(file, `${name}@${version}:.stemma`)
    try {
      const { artifacts } = await engine.manifests.read(digest, options)
      if (!deleted) for (const artifact of artifacts) note(artifact.digest, `${name}@${version}:${artifact.path}`)
    } catch (error) {
      // A missing one is reported with the blobs.
      if (!isStemmaError(error) || error.code === 'CLOSED') throw error
      if (error.code === 'BLOB_MISSING') continue
      const affects = [`${name}@${version}`]
      problems.push({ kind: 'manifest', code: error.code, message: error.message, file: engine.blobs.fileName(digest), model: name, digest, affects })
    }
  }
  return needs
}
