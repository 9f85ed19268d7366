import { fdatasyncSync, fsyncSync } from 'node:fs'
import type { Sources } from '../util/sources.js'
import { syncAll, syncContent } from './descriptor.js'

/** What a flush makes durable: `content` of a file, with its size; `all` that a descriptor shows, for a folder its names. */
export type FlushKind = 'content' | 'all'

/** Flushes a descriptor, and rejects with the system's own error. */
export type Flush = (fd: number, kind: FlushKind) => Promise<void>

/** A flush that holds the event loop longer than this is too slow for it; half of what synchronous work may take. */
const QUICK_MS = 4
/** How many flushes go to the thread pool after one that was too slow, before the next is tried here: more each time. */
const FEWEST_IN_POOL = 16
const MOST_IN_POOL = 1_024

/** The two places where a flush can be waited for. */
export interface FlushPlaces {
  here: (fd: number, kind: FlushKind) => void
  inPool: (fd: number, kind: FlushKind) => Promise<void>
}

const PLACES: FlushPlaces = {
  here: (fd, kind) => {
    if (kind === 'content') fdatasyncSync(fd)
    else fsyncSync(fd)
  },
  inPool: (fd, kind) => (kind === 'content' ? syncContent(fd) : syncAll(fd))
}

interface Request {
  fd: number
  kind: FlushKind
  resolve: () => void
  reject: (error: unknown) => void
}

/**
 * Makes a {@link Flush} that chooses where it waits for the disk. A turn of the thread pool costs as much as a flush on a quick disk, so
 * that one flush alone is done in this thread. Several at once go to the pool, where the file system does them together. And so do the
 * next ones after one that was slow: a service must not stand still as long as a slow disk takes. The event loop has its turn before
 * each.
 */
export function createFlush({ monotonicNow }: Pick<Sources, 'monotonicNow'>, places: FlushPlaces = PLACES): Flush {
  let requests: Request[] = []
  let inPool = 0
  let poolTurns = 0
  let penalty = FEWEST_IN_POOL

  const here = ({ fd, kind, resolve, reject }: Request): void => {
    const beginMs = monotonicNow()
    try {
      places.here(fd, kind)
      resolve()
    } catch (error) {
      reject(error)
    }
    if (monotonicNow() - beginMs <= QUICK_MS) {
      penalty = Math.max(FEWEST_IN_POOL, penalty - 1)
      return
    }
    poolTurns = penalty
    penalty = Math.min(MOST_IN_POOL, penalty * 2)
  }

  const elsewhere = async ({ fd, kind, resolve, reject }: Request): Promise<void> => {
    const beginMs = monotonicNow()
    inPool += 1
    try {
      await places.inPool(fd, kind)
      resolve()
    } catch (error) {
      reject(error)
    }
    inPool -= 1
    // While the disk is slow, the next turn here stays as far away as it is. The pool's own turn counts as part of it.
    if (monotonicNow() - beginMs <= 2 * QUICK_MS) poolTurns = Math.max(0, poolTurns - 1)
  }

  const run = (): void => {
    const batch = requests
    requests = []
    const [only] = batch
    if (only !== undefined && batch.length === 1 && inPool === 0 && poolTurns <= 0) here(only)
    else for (const request of batch) void elsewhere(request)
  }

  return (fd, kind) =>
    new Promise((resolve, reject) => {
      requests.push({ fd, kind, resolve, reject })
      if (requests.length === 1) setImmediate(run)
    })
}
