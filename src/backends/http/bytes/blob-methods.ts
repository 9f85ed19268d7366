import type { Backend } from '../../backend.js'
import type { BytesContext } from './bytes-context.js'
import { keepBlobs } from './keep-blobs.js'
import { openBlob } from './open-blob.js'
import { putBlobs } from './put-blobs.js'

/** The part of a backend over HTTP that moves bytes. */
export function createBlobMethods(context: BytesContext): Pick<Backend, 'keepBlobs' | 'putBlobs' | 'openBlob'> {
  return {
    keepBlobs: (digests, options) => keepBlobs(context, digests, options),
    putBlobs: (sources, options) => putBlobs(context, sources, options),
    openBlob: (digest, options) => openBlob(context, digest, options)
  }
}
