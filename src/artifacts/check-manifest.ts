import { createHash } from 'node:crypto'
import { StemmaError } from '../errors/stemma-error.js'
import { buildManifest, manifestBytes } from '../record/manifest.js'
import type { Artifact } from '../schemas/artifact.js'

/**
 * Checks that a list of artifacts is the one that a version's digest stands for, and that all its paths are safe to write. A list
 * comes from a registry, so neither is taken for granted.
 *
 * @returns the canonical bytes of the manifest.
 * @throws {StemmaError} INVALID_PATH; DIGEST_MISMATCH.
 */
export function checkManifest(artifacts: readonly Artifact[], digest: string): Uint8Array {
  const bytes = manifestBytes(buildManifest(artifacts))
  const found = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  if (found === digest) return bytes
  throw new StemmaError('DIGEST_MISMATCH', `the list of artifacts is not that of the version: wanted ${digest}, found ${found}`, {
    hint: 'Run verify on the registry: its record of this version is damaged.',
    details: { expected: digest, found }
  })
}
