import type { Ticker } from '../util/sources.js'

/** What a watch waits for. */
export interface WatchLimits {
  readonly idleMs: number
  readonly windowMs: number
  readonly minBytes: number
  readonly totalMs: number
}

/** Why a watch gave up: nothing moved, too little moved, or it took too long in all. */
export type Stall = 'idle' | 'slow' | 'total'

/** One request that is watched. */
export interface Watch {
  /** Bytes came or went. */
  moved(bytes: number): void
  /** Whether it is the other side's turn: while the caller works on what it got, nothing has to move. @default true */
  awaits(isAwaiting: boolean): void
  /** Whether a body is under way, which has to move at least at the rate of the limits. @default false */
  streams(isStreaming: boolean): void
  /** Idempotent. */
  end(): void
}

/** Watches requests. One timer serves all of them, and stops when it finds none: to stop it after each would be to start it for each. */
export interface Watchdog {
  watch(limits: WatchLimits, onStall: (stall: Stall) => void): Watch
}

interface Watched {
  readonly limits: WatchLimits
  readonly onStall: (stall: Stall) => void
  isAwaiting: boolean
  isStreaming: boolean
  totalMs: number
  idleMs: number
  /** The last steps of the window, the one under way being the last. */
  steps: number[]
  stepMs: number
}

/** The window moves in so many steps: a line that becomes slow is noticed a tenth of the window later, at most, than it is long. */
const STEPS = 10

/**
 * Time is counted in ticks: a process that was busy with itself for long does not take that for silence of the other side.
 */
export function createWatchdog(ticker: Ticker, tickMs: number): Watchdog {
  const watched = new Set<Watched>()
  let stop: (() => void) | undefined

  const tick = (): void => {
    for (const one of watched) {
      const stall = stallOf(one, tickMs)
      if (stall === undefined) continue
      watched.delete(one)
      one.onStall(stall)
    }
    if (watched.size > 0) return
    stop?.()
    stop = undefined
  }

  return {
    watch(limits, onStall) {
      const one: Watched = { limits, onStall, isAwaiting: true, isStreaming: false, totalMs: 0, idleMs: 0, steps: [0], stepMs: 0 }
      watched.add(one)
      stop ??= ticker(tickMs, tick)
      return {
        moved(bytes) {
          one.idleMs = 0
          one.steps.push((one.steps.pop() ?? 0) + bytes)
        },
        awaits(isAwaiting) {
          one.isAwaiting = isAwaiting
        },
        streams(isStreaming) {
          one.isStreaming = isStreaming
          one.steps = [0]
          one.stepMs = 0
        },
        end() {
          watched.delete(one)
        }
      }
    }
  }
}

function stallOf(one: Watched, tickMs: number): Stall | undefined {
  one.totalMs += tickMs
  if (one.totalMs >= one.limits.totalMs) return 'total'
  if (!one.isAwaiting) return undefined
  one.idleMs += tickMs
  if (one.idleMs >= one.limits.idleMs) return 'idle'
  if (!one.isStreaming) return undefined
  one.stepMs += tickMs
  if (one.stepMs < one.limits.windowMs / STEPS) return undefined
  one.stepMs = 0
  const isSlow = one.steps.length === STEPS && one.steps.reduce((sum, bytes) => sum + bytes, 0) < one.limits.minBytes
  if (one.steps.length === STEPS) one.steps.shift()
  one.steps.push(0)
  return isSlow ? 'slow' : undefined
}
