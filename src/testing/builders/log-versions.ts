import type { LogModelInput } from '../../registry/log-model.js'
import type { Registry } from '../../registry/registry.js'
import type { ModelVersion } from '../../schemas/model-version.js'
import { onnxModel } from '../fixtures/onnx-model.js'

/** What of a version a test cares for; the rest is made up. */
export type VersionInput = Partial<Omit<LogModelInput, 'name'>>

/**
 * Logs versions of a model one after the other, each with a small ONNX file of its own unless it brings artifacts.
 *
 * @param versions how many, or what is special about each of them
 * @returns the versions, oldest first
 * @throws {StemmaError} what `logModel` throws.
 * @example
 * ```ts
 * const [first, second] = await logVersions(registry, 'credit-score', [{ metrics: { auc: 0.91 } }, { metrics: { auc: 0.93 }, bump: 'minor' }])
 * await logVersions(registry, 'churn', 3)
 * ```
 */
export async function logVersions(registry: Registry, name: string, versions: number | readonly VersionInput[]): Promise<ModelVersion[]> {
  const inputs = typeof versions === 'number' ? Array.from({ length: versions }, (): VersionInput => ({})) : versions
  const logged: ModelVersion[] = []
  for (const input of inputs) logged.push(await registry.logModel({ artifacts: newArtifacts(registry), capture: false, ...input, name }))
  return logged
}

const made = new WeakMap<Registry, number>()

/** A model that was not made for this registry before. */
export function newArtifacts(registry: Registry): NonNullable<VersionInput['artifacts']> {
  const number = (made.get(registry) ?? 0) + 1
  made.set(registry, number)
  return onnxModel({ bias: number })
}
