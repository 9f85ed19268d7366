import type { Digest } from '../../schemas/digest.js'
import { newId } from '../../util/new-id.js'
import { sha256Hex } from '../../util/sha256.js'
import type { Sources } from '../../util/sources.js'

const UPLOAD_ID = /^([0-9a-f]{16})-(?:([0-9a-f]{64})|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/

/** What an id of an upload says. */
export interface UploadId {
  /** The digest that it was begun for, if it was begun for one. */
  digest: Digest | undefined
}

/**
 * The id of an upload. It is made from the name of the token and the digest, so that every server of a store gives the same one to a
 * client that comes back; without a digest it is a new one each time.
 */
export function uploadIdFor(owner: string | undefined, digest: Digest | undefined, sources: Pick<Sources, 'now' | 'randomBytes'>): string {
  return `${ownerMark(owner)}-${digest === undefined ? newId(sources) : digest.slice('sha256:'.length)}`
}

/** Reads the id of an upload of this owner; `undefined` for what is none, or belongs to another: who asks learns nothing of those. */
export function readUploadId(id: string, owner: string | undefined): UploadId | undefined {
  const [, mark, hex] = UPLOAD_ID.exec(id) ?? []
  if (mark === undefined || mark !== ownerMark(owner)) return undefined
  return { digest: hex === undefined ? undefined : `sha256:${hex}` }
}

/** What the ids of an owner begin with. */
export function ownerMark(owner: string | undefined): string {
  return sha256Hex(owner === undefined ? 'no token' : `token ${owner}`).slice(0, 16)
}
