import { setMaxListeners } from 'node:events'
import { StemmaError } from '../../errors/stemma-error.js'
import type { Sources } from '../../util/sources.js'

/** How long closing waits for calls that run, milliseconds. */
const GRACE_MS = 10_000

/** The calls of a backend, and their end. */
export interface Closing {
  /** Runs a call; closing waits for it, and ends it when it takes too long. @throws {StemmaError} CLOSED after `close`. */
  once<T>(signal: AbortSignal | undefined, run: (signal: AbortSignal) => Promise<T>): Promise<T>
  /** Runs a call that gives its results one by one; closing ends it. @throws {StemmaError} CLOSED after `close`. */
  each<T>(signal: AbortSignal | undefined, run: (signal: AbortSignal) => AsyncIterable<T>): AsyncIterable<T>
  /** Whether `close` was called. */
  isClosed: () => boolean
  /** Resolves when no call runs any more. Idempotent. */
  close(): Promise<void>
}

/** @param location what the registry is called. */
export function createClosing(location: string, sources: Pick<Sources, 'sleep'>): Closing {
  // Aborted at once, and when the grace is over.
  const closed = listenable()
  const ended = listenable()
  const running = new Set<Promise<unknown>>()
  let closing: Promise<void> | undefined

  const end = async (): Promise<void> => {
    const reason = new StemmaError('CLOSED', `the registry ${location} was closed`, { hint: 'Open it again with openRegistry().' })
    closed.abort(reason)
    if (running.size > 0) {
      const settled = new AbortController()
      const grace = sources.sleep(GRACE_MS, settled.signal).catch(() => undefined)
      await Promise.race([Promise.allSettled(running), grace])
      settled.abort()
    }
    ended.abort(reason)
    await Promise.allSettled(running)
  }

  return {
    async once(signal, run) {
      closed.signal.throwIfAborted()
      signal?.throwIfAborted()
      const either = eitherSignal(ended.signal, signal)
      const call = run(either.signal)
      running.add(call)
      try {
        return await call
      } finally {
        running.delete(call)
        either.end()
      }
    },
    async *each(signal, run) {
      closed.signal.throwIfAborted()
      signal?.throwIfAborted()
      const either = eitherSignal(closed.signal, signal)
      try {
        yield* run(either.signal)
      } finally {
        either.end()
      }
    },
    isClosed: () => closed.signal.aborted,
    close: () => (closing ??= end())
  }
}

/** Each call under way listens, and no warning is wanted of that. */
function listenable(): AbortController {
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  return controller
}

/**
 * A signal that is aborted when one of both is; `end` stops listening. Not `AbortSignal.any`: a signal that lives as long as the process would
 * hold what was made of it.
 */
function eitherSignal(own: AbortSignal, signal: AbortSignal | undefined): { signal: AbortSignal; end: () => void } {
  if (signal === undefined) return { signal: own, end: () => undefined }
  const controller = new AbortController()
  const onOwn = (): void => {
    controller.abort(own.reason)
  }
  const onAbort = (): void => {
    controller.abort(signal.reason)
  }
  own.addEventListener('abort', onOwn, { once: true })
  signal.addEventListener('abort', onAbort, { once: true })
  return {
    signal: controller.signal,
    end() {
      own.removeEventListener('abort', onOwn)
      signal.removeEventListener('abort', onAbort)
    }
  }
}
