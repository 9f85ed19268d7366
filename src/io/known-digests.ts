import type { BigIntStats } from 'node:fs'
import type { Digest } from '../schemas/digest.js'

/** A file as it was at some moment: another content has another stamp, see {@link stampOf}. */
export interface StampedFile {
  /** Absolute. */
  path: string
  stamp: string
}

/**
 * What files were when they were last hashed, kept from process to process as git's index does, so that a file that nobody has touched
 * is not read again. A digest that it gives is a good guess and no proof: use it only to ask whether those bytes are stored already.
 */
export interface KnownDigests {
  /** What is known of each file: its digest when it had this stamp, else `undefined`. Never fails for a damaged or unreadable record. */
  recall(files: readonly StampedFile[]): Promise<(Digest | undefined)[]>
  /**
   * Remembers digests. Files that were changed less than two seconds before `hashedAtMs` are left out: a later change may not show.
   * Best effort: a record that cannot be written is none.
   *
   * @param hashedAtMs when the hashing began, milliseconds since 1970.
   */
  remember(files: readonly (StampedFile & { digest: Digest })[], hashedAtMs: number): Promise<void>
}

/** All that a file system tells of a file which changes with its content: device, inode, size, and both times in nanoseconds. */
export function stampOf(stats: BigIntStats): string {
  // Not by a template, of which V8 keeps each piece until somebody reads it.
  return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(' ')
}

/**
 * Whether a file had rested when it was looked at. The clock of a file system may tick only every two seconds, and a change right
 * after the look could then leave the stamp as it was. A time in the future is never rest.
 */
export function hadRested(stamp: string, nowMs: number): boolean {
  const [, , , mtimeNs, ctimeNs] = stamp.split(' ')
  return Math.max(Number(mtimeNs), Number(ctimeNs)) / 1e6 + RESTING_MS < nowMs
}

const RESTING_MS = 2_000
