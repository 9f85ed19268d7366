import { isStemmaError, type StemmaError } from '../../errors/stemma-error.js'
import type { KnownDigests } from '../../io/known-digests.js'
import { parseJsonStrictly } from '../../record/parse-json.js'
import { createTransport } from '../../transport/create-transport.js'
import type { TransportOptions } from '../../transport/transport.js'
import { LIBRARY } from '../../util/library.js'
import type { Sources } from '../../util/sources.js'
import type { Backend } from '../backend.js'
import { createBlobMethods } from './bytes/blob-methods.js'
import { createClosing } from './closing.js'
import { createConnection } from './connection.js'
import { createHttpBackend } from './create-http-backend.js'
import { errorIn } from './read-event.js'
import { createWireVersions } from './wire-versions.js'

/** What {@link openHttpBackend} needs. */
export interface HttpBackendOptions extends Pick<TransportOptions, 'token' | 'proxy' | 'allowedRedirectOrigins' | 'limits' | 'ticker'> {
  /** `https://host/prefix`, without user, query, fragment and trailing slash. */
  readonly baseUrl: string
  readonly sources: Sources
  /** What files were when they were last hashed. @default every file is read */
  readonly known?: KnownDigests | undefined
  readonly signal?: AbortSignal | undefined
  /** Told when the registry is out of reach at opening. */
  readonly onUnreachable?: ((reason: StemmaError) => void) | undefined
}

/** At opening the registry is asked once, and not waited for long. */
const OPENING = { retries: 0, totalMs: 3_000, idleMs: 3_000 } as const

/**
 * Opens a registry over HTTP. When it cannot be reached, opening succeeds all the same, so that a program can start from what it has: each call
 * tries again.
 *
 * @throws {StemmaError} UNAUTHENTICATED, FORBIDDEN, PROTOCOL_ERROR (something else answers there), INVALID_INPUT.
 */
export async function openHttpBackend({ baseUrl, sources, known, signal, onUnreachable, ...options }: HttpBackendOptions): Promise<Backend> {
  signal?.throwIfAborted()
  const transport = createTransport({ ...options, baseUrl, sources, userAgent: LIBRARY, parseJson: parseJsonStrictly, readError: errorIn })
  const closing = createClosing(baseUrl, sources)
  const connection = createConnection(transport)
  const blobs = createBlobMethods({ transport, sources, known, limits: () => connection.info().limits })
  const versions = createWireVersions(blobs.openBlob)
  try {
    await connection.ready({ signal, patience: OPENING })
  } catch (error) {
    if (!isStemmaError(error, 'REGISTRY_UNAVAILABLE', 'TOO_MANY_REQUESTS')) {
      transport.close()
      throw error
    }
    onUnreachable?.(error)
  }
  return createHttpBackend({ transport, sources, connection, versions }, blobs, closing)
}
