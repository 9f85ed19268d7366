import { StemmaError } from '../../errors/stemma-error.js'

/** A file on its way to the server that is not what it was when it was stored on this machine. */
export function otherBytes(path: string, sha256: string): StemmaError {
  return new StemmaError('DIGEST_MISMATCH', `the bytes of ${path} are not those that were stored a moment ago`, {
    hint: 'Something changed the temporary folder of this machine. Log it again.',
    details: { path, expected: `sha256:${sha256}` }
  })
}
