import { v7 } from 'uuid'
import type { Sources } from './sources.js'

/** A new UUID, version 7: ordered by time, with 74 random bits. */
export function newId(sources: Pick<Sources, 'now' | 'randomBytes'>): string {
  return v7({ msecs: sources.now(), random: sources.randomBytes(16) })
}
