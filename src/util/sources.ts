import { types } from 'node:util'
import { randomFillSync } from 'node:crypto'

/**
 * Where time and randomness come from. Nothing else in stemma asks the machine for either, so that tests can hold both still.
 */
export interface Sources {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number
  /** Milliseconds on a clock that never goes back, for durations. */
  monotonicNow(): number
  /** `length` random bytes. */
  randomBytes(length: number): Uint8Array
  /** Resolves after `delayMs`; rejects with `signal.reason` when aborted before. Keeps the process alive meanwhile. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
}

/**
 * Calls `onTick` every `intervalMs` of real time until what it returns is called. For limits that end what hangs: they hold also where a
 * test keeps the clock still. Does not keep the process alive.
 */
export type Ticker = (intervalMs: number, onTick: () => void) => () => void

/** The machine's own timer. */
export const systemTicker: Ticker = (intervalMs, onTick) => {
  const timer = setInterval(onTick, intervalMs)
  timer.unref()
  return () => {
    clearInterval(timer)
  }
}

/** The machine's own clock and cryptographic randomness. */
export const systemSources: Sources = {
  now: () => Date.now(),
  monotonicNow: () => performance.now(),
  randomBytes: drawRandomBytes,
  sleep: (delayMs, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(abortError(signal))
        return
      }
      const onAbort = (): void => {
        clearTimeout(timer)
        reject(abortError(signal))
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }, delayMs)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
}

/** Drawn ahead: 128 ids. Asking the generator costs nearly as much for one as for all of them. */
const drawn = new Uint8Array(2_048)
/** More than this at once is no id, and is drawn by itself. */
const MAX_DRAWN = 64
let drawnLeft = 0

/** Each byte is given out once, and not kept. */
function drawRandomBytes(length: number): Uint8Array {
  if (length > MAX_DRAWN) return randomFillSync(new Uint8Array(length))
  if (length > drawnLeft) {
    randomFillSync(drawn)
    drawnLeft = drawn.length
  }
  const bytes = drawn.slice(drawnLeft - length, drawnLeft)
  drawn.fill(0, drawnLeft - length, drawnLeft)
  drawnLeft -= length
  return bytes
}

/** The reason of an abort; callers may abort with anything. */
function abortError(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason
  return types.isNativeError(reason) ? reason : new DOMException(String(reason), 'AbortError')
}
