import type { Backend } from '../../backends/backend.js'
import type { ErrorCode } from '../../errors/codes.js'

/** The methods of a backend that something can go wrong in: all that do work. */
export type FaultyMethod = Exclude<
  { [Method in keyof Backend]: Backend[Method] extends (...args: never) => Promise<unknown> | AsyncIterable<unknown> ? Method : never }[keyof Backend],
  'close'
>

/** Which call of a backend something happens to. */
export interface FaultyCall {
  method: FaultyMethod
  /** The how many-th call of the method, counted from 1 since the fault was in the plan; or every one. @default 1 */
  call?: number | 'every' | undefined
}

/**
 * One thing that goes wrong.
 * - `fail`: the call rejects, and nothing was done.
 * - `failAfter`: the call rejects, though all was done: a reply that was lost.
 * - `delay`: the call begins later: so many milliseconds, or when a promise has settled.
 * - `corrupt`: one byte that is read is another one, the one at this place.
 * - `cut`: what is read ends before this place, without an error.
 */
export type Fault =
  | (FaultyCall & { fail: ErrorCode | Error })
  | (FaultyCall & { failAfter: ErrorCode | Error })
  | (FaultyCall & { delay: number | Promise<unknown> })
  | (FaultyCall & { method: 'openBlob'; corrupt: number })
  | (FaultyCall & { method: 'openBlob'; cut: number })
