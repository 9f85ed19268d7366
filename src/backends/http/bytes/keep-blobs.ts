import type { Digest } from '../../../schemas/digest.js'
import type { CallOptions } from '../../../util/options.js'
import { MAX_DIGESTS } from '../../../wire/limits.js'
import { ROUTES } from '../../../wire/routes.js'
import type { BytesContext } from './bytes-context.js'

/** Which blobs the registry has, in the order asked; see `Backend.keepBlobs`. Each digest is asked about once. */
export async function keepBlobs({ transport }: Pick<BytesContext, 'transport'>, digests: readonly Digest[], { signal }: CallOptions): Promise<boolean[]> {
  signal?.throwIfAborted()
  const distinct = [...new Set(digests)]
  const missing = new Set<Digest>()
  for (let start = 0; start < distinct.length; start += MAX_DIGESTS) {
    const reply = await transport.json(ROUTES.keepBlobs, { body: { digests: distinct.slice(start, start + MAX_DIGESTS) }, signal })
    for (const digest of reply.missing) missing.add(digest)
  }
  return digests.map((digest) => !missing.has(digest))
}
