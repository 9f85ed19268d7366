import type { ModelVersion } from '../../schemas/model-version.js'
import type { Digest } from '../../schemas/digest.js'
import type { RegistryContext } from '../context.js'

/**
 * Says when an operation id answered with a version that has other artifacts than those that were logged now. A job that is run again may
 * mean that; one whose id is not its own loses a model, and would not notice.
 */
export function warnOfReplay({ logger }: Pick<RegistryContext, 'logger'>, version: ModelVersion, digest: Digest, operationId: string | undefined): ModelVersion {
  if (version.digest !== digest) {
    logger.warn?.(
      `the operationId ${operationId ?? ''} has made ${version.name}@${version.version} before, with other artifacts: that version is the answer, and what was logged now is in no version; give it another operationId if it is to be one`,
      { operationId, name: version.name, version: version.version, digest: version.digest, logged: digest }
    )
  }
  return version
}
