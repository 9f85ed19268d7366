import { isStemmaError, StemmaError } from '../../errors/stemma-error.js'
import { eventEffects } from '../../record/event-effects.js'
import type { Decision, ModelState } from '../../record/model-state.js'
import type { Digest } from '../../schemas/digest.js'
import type { EventBody, ModelEvent } from '../../schemas/event.js'
import type { VersionSummary } from '../../schemas/model-version.js'
import { newId } from '../../util/new-id.js'
import type { MutationOptions } from '../backend.js'
import { createPresence, type Presence } from './blob-presence.js'
import type { Engine } from './engine.js'
import { decodeEvent, encodeEvent } from './event-file.js'
import { stateAt } from './fold-events.js'
import { isSnapshotDue, saveSnapshot } from './snapshot.js'
import { commitUnknown, writeSlot } from './write-slot.js'

/** A change that is to be committed to one model. */
export interface Change {
  model: string
  type: EventBody['type']
  /** Decides on the state as it is; may be called again when another writer was faster. Throws to refuse. */
  decide: (state: ModelState) => Decision
  /** Blobs that the event needs. */
  blobs?: readonly Digest[] | undefined
}

/** Attempts against other writers before CONFLICT_RETRIES. */
const MAX_ATTEMPTS = 1_000
/** Time for all attempts together, milliseconds. */
const DEADLINE_MS = 60_000
/** Longest wait between two attempts, milliseconds. */
const MAX_BACKOFF_MS = 250

/** A clock that is further behind the last event than this is reported, milliseconds. */
const MAX_SKEW_MS = 300_000

/** What one pass over a model came to: an event that still has to be hardened, or one that another writer was faster than. */
type Attempt = { n: number; commitId: string | undefined; version: VersionSummary } | 'conflict'

/**
 * Commits a change: decides on the newest state, writes the event after its head if nobody else did, and makes it durable.
 *
 * @returns the version concerned as it is by this change; for a repeated `operationId`, as it was by the first one.
 * @throws {StemmaError} what `decide` throws; BLOB_MISSING, CONFLICT_RETRIES, COMMIT_UNKNOWN, NO_SPACE, READ_ONLY, ACCESS_DENIED, IO.
 */
export async function commit(engine: Engine, change: Change, options: MutationOptions): Promise<VersionSummary> {
  options.signal?.throwIfAborted()
  const presence = change.blobs && createPresence(engine, change.blobs)
  const { n, commitId, version } = await engine.exclusive(change.model, () => attemptAll(engine, change, options, presence))
  // Outside the exclusive part: the next writer's file can be on its way while this one becomes durable.
  const hardened = await engine.hardener.harden(change.model, n)
  if (hardened.outcome === 'uncertain') throw notHardened({ model: change.model, n, commitId }, hardened.cause)
  await presence?.keepStored({ model: change.model, version: version.version })
  return version
}

function notHardened({ model, n, commitId }: { model: string; n: number; commitId: string | undefined }, cause: unknown): StemmaError {
  if (commitId !== undefined) return commitUnknown({ model, n, commitId }, cause)
  return new StemmaError('IO', `${model} is already so, but whether that outlasts a power cut cannot be told`, {
    hint: 'Check the disk and the system log, and try again.',
    details: { model, n },
    cause
  })
}

async function attemptAll(
  engine: Engine,
  change: Change,
  options: MutationOptions,
  presence: Presence | undefined
): Promise<Exclude<Attempt, 'conflict'>> {
  const { sources } = engine
  const commitId = newId(sources)
  const startedMs = sources.monotonicNow()
  for (let attempt = 1; attempt <= MAX_ATTEMPTS && sources.monotonicNow() - startedMs < DEADLINE_MS; attempt += 1) {
    options.signal?.throwIfAborted()
    const result = await attemptOnce(engine, change, options, { commitId, presence: attempt === 1 ? presence : undefined })
    if (result !== 'conflict') return result
    await sources.sleep(backoffMs(engine, attempt), options.signal)
  }
  throw new StemmaError('CONFLICT_RETRIES', `other writers of ${change.model} were faster at every attempt`, {
    hint: 'Nothing was committed. Try again, or let fewer processes write to one model at the same time.',
    details: { model: change.model }
  })
}

async function attemptOnce(
  engine: Engine,
  change: Change,
  options: MutationOptions,
  { commitId, presence }: { commitId: string; presence: Presence | undefined }
): Promise<Attempt> {
  const { model } = change
  const known = await engine.states.loadListed(model)
  const replay = await findReplay(engine, change, known.state, options)
  if (replay) return replay
  if (known.unknown) throw known.unknown
  const decision = change.decide(known.state)
  const { n: headN, hash: prev, ts } = known.state.head
  // What is answered must not be lost by a power cut, even if another process wrote it and has not made it durable yet.
  if (decision.kind === 'unchanged') return { n: headN, commitId: undefined, version: decision.version }

  if (headN >= 0) warnOfClock(engine, model, ts)
  const n = headN + 1
  const bytes = encodeEvent(envelope(engine, decision.body, { n, prev, afterTs: headN < 0 ? 0 : ts + 1, commitId }, options))
  // Read and folded as every other process will do it, before it is there for ever.
  const { event, hash } = decodeEvent(bytes, { model, n, prev, path: engine.log.fileName(model, n) })
  const [version] = event ? eventEffects(known.state, event) : []
  if (!event || !version) throw new TypeError(`a ${decision.body.type} event changes no version`)
  await presence?.assertStored()
  await assertAnswerable(engine, change, version)
  options.signal?.throwIfAborted()
  if (!(await writeSlot(engine, { model, n, commitId, bytes }))) return 'conflict'
  engine.states.accept(model, event, hash)
  noteWritten(engine, model)
  return { n, commitId, version }
}

/**
 * The answer needs the manifest, which is read, and kept in memory, before the commit: a failure after it would be taken for one
 * of the change. Only a deletion goes on without, for what is damaged must be removable.
 */
async function assertAnswerable({ manifests }: Engine, { type }: Change, version: VersionSummary): Promise<void> {
  try {
    await manifests.complete(version, {})
  } catch (error) {
    if (type !== 'version.deleted' || !isStemmaError(error, 'BLOB_MISSING', 'DIGEST_MISMATCH')) throw error
  }
}

/** Events are in order whatever the clocks say; the times that history tells people are not. */
function warnOfClock({ sources, warn }: Engine, model: string, lastTs: number): void {
  const behindMs = lastTs - sources.now()
  if (behindMs <= MAX_SKEW_MS) return
  warn(`the clock of this machine is ${Math.round(behindMs / 1000)} s behind the last change of ${model}, or that of who made it was ahead: set the clocks, since ?at= and history go by them`, {
    model,
    behindMs,
    lastChangeAt: new Date(lastTs).toISOString()
  })
}

function envelope(
  { sources, writer }: Engine,
  body: EventBody,
  place: { n: number; prev: string | null; afterTs: number; commitId: string },
  { operationId, actor }: MutationOptions
): ModelEvent {
  const { n, prev, afterTs, commitId } = place
  return {
    v: 1,
    n,
    prev,
    commitId,
    ...(operationId === undefined ? {} : { opId: operationId }),
    ts: Math.max(sources.now(), afterTs),
    ...(actor === undefined ? {} : { actor }),
    writer,
    ...body
  }
}

/** The result that the same `operationId` had before, if it had one. */
export async function findReplay(
  engine: Engine,
  { model, type }: Pick<Change, 'model' | 'type'>,
  state: ModelState,
  { operationId }: MutationOptions
): Promise<Exclude<Attempt, 'conflict'> | undefined> {
  const n = operationId === undefined ? undefined : state.operations.get(operationId)
  if (n === undefined) return undefined
  const { event, state: after } = await stateAt(engine, model, n)
  if (event.type !== type) {
    throw new StemmaError('INVALID_INPUT', `operationId ${operationId ?? ''} was used for another change of ${model} (${event.type})`, {
      hint: 'Use a new operationId for each change, and the same one only to repeat it.',
      details: { model, operationId, n, type: event.type }
    })
  }
  const version = after.versions[(after.sequences.get(event.data.version) ?? 0) - 1]
  if (!version) throw new TypeError(`event ${n} of ${model} concerns no version`)
  return { n, commitId: event.commitId, version }
}

function noteWritten(engine: Engine, model: string): void {
  const known = engine.states.known().get(model)
  if (!known) return
  known.written = true
  if (isSnapshotDue(known.state.head.n, known.snapshotN)) saveSnapshot(engine, known)
}

function backoffMs({ sources }: Engine, attempt: number): number {
  const ceilingMs = Math.min(MAX_BACKOFF_MS, 2 ** attempt)
  const [byte = 0, second = 0] = sources.randomBytes(2)
  return 1 + ((byte * 256 + second) / 65_536) * (ceilingMs - 1)
}
