import { StemmaError } from '../../errors/stemma-error.js'
import type { Digest } from '../../schemas/digest.js'
import type { GarbageReport } from '../../schemas/report.js'
import type { TransferOptions } from '../../util/options.js'
import type { GarbageRequest } from '../backend.js'
import type { Engine } from './engine.js'
import { createReferences, type References } from './references.js'

/** How long a blob lies in the trash before it is removed for good, 1 h. */
const TRASH_MS = 3_600_000
/** Age from which a temporary file may be one that a dead writer left, 24 h. */
const TEMPORARY_MS = 86_400_000

/** See `Backend.collectGarbage`. Two stages, so that a writer or an event that comes late can have a blob back. */
export async function collectGarbage(engine: Engine, request: GarbageRequest, options: TransferOptions): Promise<GarbageReport> {
  const nowMs = engine.sources.now()
  const references = createReferences(engine)
  const needed = await references.collect(options)
  if (!request.dryRun) await hardenAll(engine)
  const emptied = await emptyTrash(engine, request, { references, needed, nowMs }, options)
  const { trashed, restored } = await discardUnneeded(engine, request, { references, needed, nowMs }, options)
  const temporaryFiles = await engine.blobs.trash.sweepTemporary(TEMPORARY_MS, request.dryRun)
  return {
    dryRun: request.dryRun,
    trashed,
    removed: emptied.removed,
    restored: [...emptied.restored, ...restored],
    temporaryFiles,
    reclaimedBytes: emptied.removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  }
}

interface Marked {
  references: References
  needed: ReadonlySet<Digest>
  nowMs: number
}

/** A tombstone that a power cut takes away must not have cost the bytes of its version. */
async function hardenAll({ states, hardener }: Engine): Promise<void> {
  for (const [model, { state }] of states.known()) {
    const hardened = await hardener.harden(model, state.head.n)
    if (hardened.outcome === 'durable') continue
    throw new StemmaError('IO', `the journal of ${model} could not be made durable, so nothing was removed`, {
      hint: 'Check the disk and the system log, and try again.',
      details: { model },
      cause: hardened.cause
    })
  }
}

type Found = GarbageReport['removed'][number] & { digest: Digest }

/** Second stage: what lay in the trash long enough is removed, unless it is needed again. */
async function emptyTrash({ blobs }: Engine, { dryRun }: GarbageRequest, { references, needed, nowMs }: Marked, options: TransferOptions) {
  const removed: Found[] = []
  const restored: Found[] = []
  const discarded = await blobs.trash.list(options)
  const due = discarded.filter(({ digest, discardedAtMs }) => needed.has(digest) || nowMs - discardedAtMs >= TRASH_MS)
  // Once more, now that the trash was listed: an event that came in between may need what is in it.
  const neededNow = due.length === 0 ? needed : await references.collect(options)
  let doneBytes = 0
  for (const { digest, sizeBytes } of due) {
    options.signal?.throwIfAborted()
    const isNeeded = neededNow.has(digest)
    if (!dryRun) await (isNeeded ? blobs.trash.restore(digest) : blobs.trash.remove(digest))
    const result = isNeeded ? restored : removed
    result.push({ digest, sizeBytes })
    doneBytes += sizeBytes
    options.onProgress?.({ phase: 'empty-trash', path: digest, doneBytes })
  }
  return { removed, restored }
}

/** First stage: what no version needs and nobody stored or kept within the grace period goes to the trash. */
async function discardUnneeded(
  { blobs }: Engine,
  { dryRun, graceMs }: GarbageRequest,
  { references, needed, nowMs }: Marked,
  options: TransferOptions
): Promise<{ trashed: Found[]; restored: Found[] }> {
  const beforeMs = nowMs - graceMs
  const { blobs: stored } = await blobs.list(options)
  const trashed: Found[] = []
  let doneBytes = 0
  for (const { digest, sizeBytes, touchedAtMs } of stored) {
    if (needed.has(digest) || touchedAtMs >= beforeMs) continue
    options.signal?.throwIfAborted()
    if (!dryRun && !(await blobs.trash.discard(digest, beforeMs))) continue
    trashed.push({ digest, sizeBytes })
    doneBytes += sizeBytes
    options.onProgress?.({ phase: 'collect', path: digest, doneBytes })
  }
  if (dryRun || trashed.length === 0) return { trashed, restored: [] }
  // An event that came while they were moved may need one of them.
  const neededNow = await references.collect(options)
  const restored = trashed.filter(({ digest }) => neededNow.has(digest))
  for (const { digest } of restored) await blobs.trash.restore(digest)
  return { trashed: trashed.filter(({ digest }) => !neededNow.has(digest)), restored }
}
