import { isStemmaError, StemmaError } from '../../errors/stemma-error.js'
import { emptyState } from '../../record/apply-event.js'
import type { ModelState } from '../../record/model-state.js'
import { encodeState } from '../../record/state-codec.js'
import type { Digest } from '../../schemas/digest.js'
import type { Problem } from '../../schemas/report.js'
import { canonicalJson } from '../../util/canonical-json.js'
import type { CallOptions } from '../../util/options.js'
import { sha256Hex } from '../../util/sha256.js'
import { environmentDigests } from './blob-presence.js'
import type { Engine } from './engine.js'
import { decodeEvent, type DecodedEvent } from './event-file.js'
import { foldInto } from './fold-events.js'
import { decodeSnapshot } from './snapshot.js'

/** A version as far as the readable events tell, also those after a damaged one. */
export interface JournalledVersion {
  name: string
  version: string
  digest: Digest
  environmentFiles: readonly Digest[]
  deleted: boolean
}

/** What a journal holds and what is wrong with it. */
export interface JournalReport {
  events: number
  versions: JournalledVersion[]
  problems: Problem[]
}

/** Reads every event of a model, and goes on after a damaged one as far as the bytes allow. */
export async function verifyJournal(engine: Engine, model: string, options: CallOptions): Promise<JournalReport> {
  const { log } = engine
  const problems: Problem[] = []
  const versions = new Map<string, JournalledVersion>()
  const snapshot = await readSnapshot(engine, model, problems)
  const { numbers, foreign } = await log.slots(model, options)
  const state = emptyState(model)
  let isFoldable = true
  let expectedN = 0
  /** Hash of the event before; `undefined` after a damaged one: then the chain cannot be checked there. */
  let prev: string | null | undefined = null

  for (const n of numbers) {
    options.signal?.throwIfAborted()
    for (; expectedN < n; expectedN += 1) {
      problems.push(eventProblem(engine, model, expectedN, missingEvent(model, expectedN)))
      prev = undefined
      isFoldable = false
    }
    expectedN = n + 1
    try {
      const decoded = await readEvent(engine, model, n, prev, options)
      prev = decoded.hash
      noteVersion(versions, model, decoded)
      if (isFoldable) foldInto(state, decoded)
      // Behind a damaged event nobody can tell; the damage is not the snapshot's.
      if (snapshot?.head.n === n && isFoldable) checkSnapshot(engine, snapshot, state, problems)
    } catch (error) {
      if (!isStemmaError(error)) throw error
      problems.push(eventProblem(engine, model, n, error))
      // A whole event in the wrong place or chain is still what the next one was chained to.
      prev = error.details['reason'] === 'checksum' ? undefined : await hashOf(engine, model, n)
      isFoldable = false
    }
  }
  if (snapshot && snapshot.head.n >= expectedN) checkSnapshot(engine, snapshot, undefined, problems)
  checkSeen(engine, model, isFoldable ? state : undefined, expectedN - 1, problems)
  for (const file of foreign) {
    problems.push({ kind: 'foreign', code: 'STORE_INVALID', message: `${file} does not belong into the journal of ${model}`, file, model })
  }
  return { events: numbers.length, versions: [...versions.values()], problems }
}

async function readEvent({ log }: Engine, model: string, n: number, prev: string | null | undefined, options: CallOptions): Promise<DecodedEvent> {
  const bytes = await log.read(model, n, options)
  if (!bytes) throw missingEvent(model, n)
  return decodeEvent(bytes, { model, n, prev, path: log.fileName(model, n) })
}

async function hashOf({ log }: Engine, model: string, n: number): Promise<string | undefined> {
  const bytes = await log.read(model, n, {}).catch(() => undefined)
  return bytes && sha256Hex(bytes)
}

function noteVersion(versions: Map<string, JournalledVersion>, name: string, { event }: DecodedEvent): void {
  if (event?.type === 'version.created') {
    const { version, digest, birth } = event.data
    versions.set(version, { name, version, digest, environmentFiles: environmentDigests(birth), deleted: false })
  }
  const found = event?.type === 'version.deleted' ? versions.get(event.data.version) : undefined
  if (found) found.deleted = true
}

async function readSnapshot({ log }: Engine, model: string, problems: Problem[]): Promise<ModelState | undefined> {
  const bytes = await log.readSnapshot(model)
  const state = bytes && decodeSnapshot(bytes, model)
  if (bytes && !state) {
    const file = log.fileName(model, 'snapshot')
    const message = `the snapshot of ${model} (${file}) is damaged; it is ignored, and replaced by a later commit`
    problems.push({ kind: 'snapshot', code: 'LOG_CORRUPT', message, file, model })
  }
  return state
}

function checkSnapshot({ log }: Engine, snapshot: ModelState, folded: ModelState | undefined, problems: Problem[]): void {
  if (folded && canonicalJson(encodeState(snapshot)) === canonicalJson(encodeState(folded))) return
  const { name, head } = snapshot
  const file = log.fileName(name, 'snapshot')
  const why = folded ? 'says something else than the events that it was made from' : 'was made from events that are gone'
  problems.push({ kind: 'snapshot', code: 'LOG_CORRUPT', message: `the snapshot of ${name} (${file}) ${why}`, file, model: name, n: head.n })
}

/** What this process has read of the model before must still be there. */
function checkSeen(engine: Engine, model: string, state: ModelState | undefined, lastN: number, problems: Problem[]): void {
  const seen = engine.states.known().get(model)?.state.head
  const isOther = seen?.n === state?.head.n && seen?.hash !== state?.head.hash
  if (!seen || (seen.n <= lastN && !isOther)) return
  const error = new StemmaError('ROLLBACK_DETECTED', `event ${seen.n} of ${model} is gone or other than what this process has read before`)
  problems.push(eventProblem(engine, model, seen.n, error))
}

function missingEvent(model: string, n: number): StemmaError {
  return new StemmaError('LOG_GAP', `event ${n} of ${model} is missing`)
}

function eventProblem({ log }: Engine, model: string, n: number, { code, message }: StemmaError): Problem {
  return { kind: 'event', code, message, file: log.fileName(model, n), model, n }
}
