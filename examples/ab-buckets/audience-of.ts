// Who is in which bucket. A service asks this for each request, and then for the model of that audience.
import { createHash } from 'node:crypto'

/** The experiment that runs; the next one has another name, and so other people in its buckets. */
export const EXPERIMENT = 'summer-filter'
/** How many of the users are in which bucket, in percent; the others get what is live for `default`. */
const SHARES = { 'bucket-a': 25, 'bucket-b': 25 }

/** All audiences, whether in the experiment or not. */
export const AUDIENCES = ['default', 'bucket-a', 'bucket-b'] as const
/** One of them: a version can be live for each. */
export type Audience = (typeof AUDIENCES)[number]

/** The audience of a user: always the same in one experiment, and independent of what it was in another one. */
export function audienceOf(user: string, experiment = EXPERIMENT): Audience {
  const place = createHash('sha256').update(`${experiment}:${user}`).digest().readUInt32BE() % 100
  if (place < SHARES['bucket-a']) return 'bucket-a'
  return place < SHARES['bucket-a'] + SHARES['bucket-b'] ? 'bucket-b' : 'default'
}
