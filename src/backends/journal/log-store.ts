import type { CallOptions } from '../../util/options.js'

/**
 * What became of an attempt to create a slot.
 * - `created`: the slot now holds these bytes.
 * - `exists`: the slot is taken, by another's bytes or, where the operating system's word is not enough, by these; reading it tells whose.
 * - `uncertain`: the operating system reported an error that leaves both possible; reading the slot decides.
 */
export type CreateOutcome = { outcome: 'created' } | { outcome: 'exists' } | { outcome: 'uncertain'; cause: unknown }

/**
 * Append-only journals, one a model: numbered slots that are created once, whole, and never change.
 * Definite failures are thrown as StemmaError (NO_SPACE, READ_ONLY, ACCESS_DENIED, IO): then the slot was not created by the call.
 */
export interface LogStore {
  /** What slot `n`, or the cached state (`'snapshot'`), is called in messages and reports: a path relative to the store. */
  fileName(model: string, slot: number | 'snapshot'): string
  /** Names of all models that have a journal, in no special order. */
  models(options: CallOptions): Promise<string[]>
  /** The bytes of slot `n`, or `undefined` when it is absent. */
  read(model: string, n: number, options: CallOptions): Promise<Uint8Array | undefined>
  /** Whether slot `n` is there; cheap. */
  has(model: string, n: number): boolean | Promise<boolean>
  /**
   * Checks that the store is still where it was opened: asked before what was not found counts as absent.
   *
   * @throws {StemmaError} REGISTRY_UNAVAILABLE, ACCESS_DENIED.
   */
  assertPresent(): Promise<void>
  /** All slot numbers that are there, ascending, to find gaps and foreign files. */
  slots(model: string, options: CallOptions): Promise<{ numbers: number[]; foreign: string[] }>
  /** Creates slot `n` if it is absent: all of the bytes or nothing, atomically seen. Not yet durable; see {@link LogStore.harden}. */
  create(model: string, n: number, bytes: Uint8Array): Promise<CreateOutcome>
  /** Makes every slot that was created before durable. `uncertain` when the operating system cannot tell. */
  harden(model: string): Promise<{ outcome: 'durable' } | { outcome: 'uncertain'; cause: unknown }>
  /** The cached state of a model, if there is one; never to be trusted without checking. */
  readSnapshot(model: string): Promise<Uint8Array | undefined>
  /** Replaces the cached state. Best effort: failures are ignored. */
  writeSnapshot(model: string, bytes: Uint8Array): Promise<void>
  /** Resolves when slots may have been added to the model since the call; may resolve without cause. Rejects with `signal.reason`. */
  waitForChange(model: string, options: CallOptions): Promise<void>
}
