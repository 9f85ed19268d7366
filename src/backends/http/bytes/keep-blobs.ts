import type { Digest } from '../../../schemas/digest.js'
import type { CallOptions } from '../../../util/options.js'
import { MAX_DIGESTS } from '../../../wire/limits.js'
import { ROUTES } from '../../../wire/routes.js'
import type { BytesContext } from './bytes-context.js'

/** How {@link keepBlobs} asks. */
export interface KeepOptions extends CallOptions {
  /** How many bytes each has; one that the registry has with another size counts as missing. @default not compared */
  sizes?: readonly number[] | undefined
}

/** Which blobs the registry has, in the order asked; see `Backend.keepBlobs`. Each digest is asked about once. */
export async function keepBlobs({ transport }: Pick<BytesContext, 'transport'>, digests: readonly Digest[], { signal, sizes }: KeepOptions): Promise<boolean[]> {
  signal?.throwIfAborted()
  const sizeOf = new Map(digests.map((digest, place) => [digest, sizes?.[place]]))
  const distinct = [...sizeOf.keys()]
  const missing = new Set<Digest>()
  for (let start = 0; start < distinct.length; start += MAX_DIGESTS) {
    const asked = distinct.slice(start, start + MAX_DIGESTS)
    const body = { digests: asked, sizes: sizes && asked.map((digest) => sizeOf.get(digest)) }
    const reply = await transport.json(ROUTES.keepBlobs, { body, signal })
    for (const digest of reply.missing) missing.add(digest)
  }
  return digests.map((digest) => !missing.has(digest))
}
