import type { EventBody } from '../schemas/event.js'
import type { VersionSummary } from '../schemas/model-version.js'

/**
 * A model's journal, folded. Versions are replaced, never mutated, so that one that was handed out stays as it was; the
 * rest belongs to the fold alone. Keyed by Map throughout: names from outside never become property names.
 */
export interface ModelState {
  readonly name: string
  /** The last event: its place (-1 for none), the sha256 hex of its bytes, its time. */
  head: { n: number; hash: string | null; ts: number }
  /** Time of the first event. */
  createdTs: number
  /** Version of sequence s at index s - 1. */
  readonly versions: VersionSummary[]
  /** Version number to sequence. */
  readonly sequences: Map<string, number>
  /**
   * Audience to the sequences that a rollback can go through, oldest first, and whether the last of them is live. A promotion
   * pushes; a rollback and a removal from production pop, so that going back twice goes further back.
   */
  readonly production: Map<string, { stack: number[]; live: boolean }>
  /** Sequences that were in production at any time, for any audience. */
  readonly everLive: Set<number>
  /** Sequence to the place of the event by which it entered its present stage. */
  readonly enteredStageAt: Map<number, number>
  readonly aliases: Map<string, number>
  /** Idempotency key to the place of its event. */
  readonly operations: Map<string, number>
}

/** What a decision comes to: an event to be written, or nothing, because the version is so already. */
export type Decision = { kind: 'event'; body: EventBody } | { kind: 'unchanged'; version: VersionSummary }
