import { isStemmaError, StemmaError } from '../../errors/stemma-error.js'
import { DEFAULT_POLICY } from '../../schemas/policy.js'
import type { Patience } from '../../transport/endpoint.js'
import type { Transport } from '../../transport/transport.js'
import { DEFAULT_CHUNK_BYTES, MAX_BATCH_BLOB_BYTES, MAX_BATCH_BLOBS, MAX_BATCH_BYTES } from '../../wire/limits.js'
import type { RegistryInfo } from '../../wire/messages.js'
import { ROUTES } from '../../wire/routes.js'

/** What a registry is taken for until it has said what it is. */
const PRESUMED: Pick<RegistryInfo, 'capabilities' | 'policy' | 'limits'> = {
  capabilities: {
    compareAndSet: true,
    atomicTransition: true,
    history: true,
    timeTravel: true,
    idempotentMutations: true,
    durable: true,
    garbageCollection: true
  },
  policy: DEFAULT_POLICY,
  limits: { chunkBytes: DEFAULT_CHUNK_BYTES, batchBlobs: MAX_BATCH_BLOBS, batchBlobBytes: MAX_BATCH_BLOB_BYTES, batchBytes: MAX_BATCH_BYTES }
}

/** What the registry has said of itself, as soon as it could be asked. */
export interface Connection {
  /** What it said, else what is presumed. */
  info(): Pick<RegistryInfo, 'capabilities' | 'policy' | 'limits'>
  /**
   * Asks the registry what it is, unless it has said so.
   *
   * @throws {StemmaError} REGISTRY_UNAVAILABLE, PROTOCOL_ERROR (no stemma registry), UNAUTHENTICATED, FORBIDDEN.
   */
  ready(options: { signal: AbortSignal | undefined; patience?: Patience | undefined }): Promise<void>
}

/** @param transport its base address is that of the registry. */
export function createConnection(transport: Transport): Connection {
  let said: RegistryInfo | undefined
  return {
    info: () => said ?? PRESUMED,
    async ready({ signal, patience }) {
      if (said) return
      try {
        said = checkServer(await transport.json(ROUTES.registry, { signal, patience }), transport.location)
      } catch (error) {
        throw isStemmaError(error, 'NOT_FOUND', 'UNSUPPORTED') ? notThere(transport.location, error) : error
      }
    }
  }
}

function checkServer(info: RegistryInfo, location: string): RegistryInfo {
  if (/^stemma\/\d/.test(info.server)) return info
  throw new StemmaError('PROTOCOL_ERROR', `${location} is no stemma registry`, { hint: 'Check the address: host, port and path have to lead to a stemma server.' })
}

function notThere(location: string, { message }: StemmaError): StemmaError {
  return new StemmaError('PROTOCOL_ERROR', `${location} does not speak the protocol of this stemma: ${message}`, {
    hint: location.endsWith('/v1') ? 'Leave out /v1 at the end of the address.' : 'Check the path of the address; the server may also run another version of stemma.'
  })
}
