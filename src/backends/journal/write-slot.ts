import { isStemmaError, StemmaError } from '../../errors/stemma-error.js'
import { eventHeadSchema } from '../../schemas/event.js'
import type { Engine } from './engine.js'

/** The event that is to be written. */
export interface Slot {
  model: string
  n: number
  commitId: string
  bytes: Uint8Array
}

/** How often an attempt with an unknown outcome is made again, with the same bytes. */
const ATTEMPTS = 4
/** Waits for a network file system that shows a new name late, milliseconds; about 5 s in all. */
const READ_WAITS_MS = [5, 20, 75, 200, 700, 1_500, 2_500]

/**
 * Puts an event into its slot, and finds out what came of it by reading the slot when the operating system's answer leaves
 * that open.
 *
 * @returns `false` when another event has the slot.
 * @throws {StemmaError} NO_SPACE, READ_ONLY, ACCESS_DENIED, IO when it is certainly not there; COMMIT_UNKNOWN.
 */
export async function writeSlot(engine: Engine, slot: Slot): Promise<boolean> {
  let cause: unknown
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const outcome = await tryCreate(engine, slot)
    if (outcome.outcome === 'created') return true
    if (outcome.outcome === 'exists') return readBack(engine, slot)
    const owner = await slotOwner(engine, slot)
    if (owner !== undefined) return owner === slot.commitId
    if (outcome.outcome === 'failed') throw outcome.error
    cause = outcome.cause
  }
  throw commitUnknown(slot, cause)
}

/** The slot is taken: by another event, or by this one when an earlier reply was lost or success alone is not believed. */
async function readBack(engine: Engine, slot: Slot): Promise<boolean> {
  for (const waitMs of [0, ...READ_WAITS_MS]) {
    if (waitMs > 0) await engine.sources.sleep(waitMs)
    const owner = await slotOwner(engine, slot)
    if (owner !== undefined) return owner === slot.commitId
  }
  throw commitUnknown(slot, undefined)
}

async function tryCreate({ log }: Engine, { model, n, bytes }: Slot) {
  try {
    return await log.create(model, n, bytes)
  } catch (error) {
    // A definite failure by its code; the slot is read all the same, because a reply can be lost and then repeated wrongly.
    if (isStemmaError(error)) return { outcome: 'failed', error } as const
    throw error
  }
}

/** The commit that has the slot; empty when its event cannot be read, `undefined` when the slot is free. */
async function slotOwner({ log }: Engine, slot: Slot): Promise<string | undefined> {
  const bytes = await log.read(slot.model, slot.n, {}).catch((error: unknown) => {
    throw commitUnknown(slot, error)
  })
  return bytes && commitIdOf(bytes)
}

/** The commit id that an event file carries, unchecked; empty when there is none to be read. */
export function commitIdOf(bytes: Uint8Array): string {
  try {
    const [line = ''] = Buffer.from(bytes).toString('utf8').split('\n', 1)
    return eventHeadSchema.parse(JSON.parse(line)).commitId
  } catch {
    return ''
  }
}

/** The error for an event that may be in the journal or not. */
export function commitUnknown({ model, n, commitId }: Pick<Slot, 'model' | 'n' | 'commitId'>, cause: unknown): StemmaError {
  return new StemmaError('COMMIT_UNKNOWN', `whether event ${n} of ${model} was committed cannot be told now`, {
    hint: `Ask resolveCommit('${model}', '${commitId}') when the storage works again, or repeat the call with the same operationId.`,
    details: { model, n, commitId },
    cause
  })
}
