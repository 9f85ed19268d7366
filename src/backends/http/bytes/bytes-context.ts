import type { KnownDigests } from '../../../io/known-digests.js'
import type { Transport } from '../../../transport/transport.js'
import type { Sources } from '../../../util/sources.js'
import { DEFAULT_CHUNK_BYTES } from '../../../wire/limits.js'
import type { RegistryInfo } from '../../../wire/messages.js'

/** What sending and fetching bytes works with. */
export interface BytesContext {
  readonly transport: Transport
  readonly sources: Sources
  /** What files were when they were last hashed. `undefined`: every file is read. */
  readonly known: KnownDigests | undefined
  /** What one request may carry, as the registry says it now. */
  readonly limits: () => RegistryInfo['limits']
}

/** Calls that move bytes are tried as long as bytes move: the watchdog ends those that do not. */
export const BYTES_PATIENCE = { retries: 5, totalMs: Number.POSITIVE_INFINITY } as const

/** Most memory for the chunks of all uploads at a time. */
const CHUNK_MEMORY_BYTES = 33_554_432
const SMALLEST_CHUNK_BYTES = 65_536

/** Bytes of a chunk when so many uploads run side by side, each with one chunk on its way and one being read. */
export function chunkBytesFor(context: BytesContext, lanes: number): number {
  const wanted = Math.min(context.limits().chunkBytes, DEFAULT_CHUNK_BYTES, Math.floor(CHUNK_MEMORY_BYTES / (2 * lanes)))
  return Math.max(SMALLEST_CHUNK_BYTES, wanted)
}
