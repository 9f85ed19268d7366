import { StemmaError } from '../../errors/stemma-error.js'
import type { Sources } from '../../util/sources.js'

/** How long a request waits for another one of the same upload. */
const WAIT_MS = 10_000
/** A chunk of which nothing came for so long makes way for another: its connection is dead as a rule, and nobody has noticed yet. */
const STALLED_MS = 5_000
const LOOK_MS = 250

/** The work on one upload that is under way. */
export interface Turn {
  /** Aborted when this work shall make way. */
  readonly signal: AbortSignal
  /** Something came: the work is not stalled. */
  readonly moved: () => void
}

interface RunningTurn {
  done: Promise<void>
  movedAtMs: number
  abort: AbortController
}

/** Lets one request at a time work on an upload. */
export interface UploadTurns {
  /**
   * @param makeWay whether the work that is under way is to be stopped at once.
   * @throws {StemmaError} CONFLICT, retryable, when another request has worked on the upload for 10 s.
   */
  run<T>(work: (turn: Turn) => Promise<T>, options: { signal?: AbortSignal | undefined; makeWay?: boolean | undefined }): Promise<T>
  /** Whether some work is under way. */
  isBusy(): boolean
}

/** The turns of one upload. */
export function createUploadTurns(sources: Sources): UploadTurns {
  let running: RunningTurn | undefined

  /** Waits for a moment, or until the work that is under way has ended. */
  const waitFor = async ({ done, movedAtMs, abort }: RunningTurn, sinceMs: number, makeWay: boolean): Promise<void> => {
    const nowMs = sources.monotonicNow()
    if (makeWay || nowMs - movedAtMs >= STALLED_MS) abort.abort(madeWay())
    else if (nowMs - sinceMs >= WAIT_MS) throw busy()
    const waited = new AbortController()
    await Promise.race([done, sources.sleep(LOOK_MS, waited.signal).catch(() => undefined)])
    waited.abort()
  }

  return {
    isBusy: () => running !== undefined,
    async run(work, { signal, makeWay = false }) {
      const sinceMs = sources.monotonicNow()
      while (running !== undefined) {
        await waitFor(running, sinceMs, makeWay)
        signal?.throwIfAborted()
      }
      // From here to where it is set nothing may be awaited: two would take the same turn.
      let end: () => void = () => undefined
      const done = new Promise<void>((resolve) => {
        end = resolve
      })
      const turn: RunningTurn = { done, movedAtMs: sources.monotonicNow(), abort: new AbortController() }
      running = turn
      try {
        return await work({
          signal: turn.abort.signal,
          moved: () => {
            turn.movedAtMs = sources.monotonicNow()
          }
        })
      } finally {
        running = undefined
        end()
      }
    }
  }
}

function busy(): StemmaError {
  return new StemmaError('CONFLICT', 'another request is working on this upload', {
    hint: 'Ask for the offset in a moment, and go on from there.',
    retryable: true
  })
}

function madeWay(): StemmaError {
  return new StemmaError('CONFLICT', 'another request took this upload over', { hint: 'Ask for the offset, and go on from there.', retryable: true })
}
