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
  for (const [index, input] of inputs.entries()) logged.push(await registry.logModel({ artifacts: artifactsOf(index + 1), capture: false, ...input, name }))
  return logged
}

/** A model that no other number has. */
export function artifactsOf(number: number): NonNullable<VersionInput['artifacts']> {
  return onnxModel({ bias: number })
}
