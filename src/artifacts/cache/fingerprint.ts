import { lstatSync } from 'node:fs'

/**
 * What tells whether a file may have changed since it was last verified: size, modification time, change time (nanoseconds) and
 * inode number, as one text. `undefined` when nothing is there, or no regular file (a link is not followed).
 */
export function fingerprintOf(path: string): string | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  if (!stats?.isFile()) return undefined
  return `${stats.size} ${stats.mtimeNs} ${stats.ctimeNs} ${stats.ino}`
}

/** Whether two fingerprints are of one file with one content: all but the change time, which renaming sets. */
export function isSameFile(before: string | undefined, after: string | undefined): boolean {
  if (before === undefined || after === undefined) return false
  const [a, b] = [before.split(' '), after.split(' ')]
  return [0, 1, 3].every((part) => a[part] === b[part])
}

/** Whether the file of a fingerprint has this size. */
export function hasSize(fingerprint: string, sizeBytes: number): boolean {
  return fingerprint.startsWith(`${sizeBytes} `)
}

/**
 * Whether a file had rested when it was hashed. The clock of a file system may tick only every few milliseconds, on some every two
 * seconds: a change right after the hash could then leave the fingerprint as it was.
 */
export function hadRested(fingerprint: string, nowMs: number): boolean {
  const changedMs = Number(fingerprint.split(' ')[2]) / 1e6
  return changedMs + RESTING_MS < nowMs
}

const RESTING_MS = 2_000
