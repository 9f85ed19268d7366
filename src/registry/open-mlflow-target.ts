import type { Backend } from '../backends/backend.js'
import { openMlflowBackend } from '../backends/mlflow/open-mlflow.js'
import { checkPolicy } from '../record/check-policy.js'
import type { Sources } from '../util/sources.js'
import type { MlflowTarget } from './mlflow-target.js'
import type { OpenRegistryOptions } from './open-registry.js'

/** Opens a registry on an MLflow server. In a file of its own: registries elsewhere do without what it loads. */
export function openMlflowTarget({ address, prefix }: MlflowTarget, options: OpenRegistryOptions, sources: Sources): Promise<Backend> {
  const { token, proxy, timeoutMs, create } = options
  const policy = options.policy === undefined ? undefined : checkPolicy(options.policy)
  return openMlflowBackend({ address, prefix, policy, sources, create, token, proxy, timeoutMs })
}
