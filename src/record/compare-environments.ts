import type { Captured } from '../schemas/captured.js'
import type { Difference } from '../schemas/comparison.js'
import { jsonDifferences } from './json-differences.js'

/** What says nothing about whether the same code gives the same result: runs, people, machines' names, and what follows from the rest. */
const NOT_ABOUT_SOFTWARE = new Set(['digest', 'files', 'ci', 'user', 'host'])

/**
 * What differs between the software that a version was made with (`a`) and that of here (`b`), sorted by field: `runtime.version`,
 * `os.libc`, `dependencies.onnxruntime-node`, `variables.CUDA_VISIBLE_DEVICES`. CI runs, user, host, the stored environment
 * files and the digest are left out. When one side could not be captured there is one difference, `state`.
 *
 * @example
 * ```ts
 * compareEnvironments(version.environment, here)
 * // [{ field: 'dependencies.onnxruntime-node', a: '1.20.0', b: '1.23.2' }]
 * ```
 */
export function compareEnvironments(trained: Captured['environment'], here: Captured['environment']): Difference[] {
  if (trained.state !== 'captured' || here.state !== 'captured') return stateDifference(trained, here)
  return jsonDifferences(without(trained, NOT_ABOUT_SOFTWARE), without(here, NOT_ABOUT_SOFTWARE))
}

/**
 * What differs between the machine that a version was made on (`a`) and another (`b`), sorted by field: `cpu.model`,
 * `memoryBytes`, `gpus.0.name`. Serial numbers of graphics processors are left out, and their order does not count. When one
 * side could not be captured there is one difference, `state`.
 */
export function compareHardware(trained: Captured['hardware'], here: Captured['hardware']): Difference[] {
  if (trained.state !== 'captured' || here.state !== 'captured') return stateDifference(trained, here)
  return jsonDifferences({ ...trained, gpus: numberedGpus(trained.gpus) }, { ...here, gpus: numberedGpus(here.gpus) })
}

/** What differs between the code that two versions were made by, sorted by field: `commit`, `branch`, `diffDigest`. */
export function compareCode(a: Captured['code'], b: Captured['code']): Difference[] {
  if (a.state !== 'captured' || b.state !== 'captured') return stateDifference(a, b)
  return jsonDifferences(a, b)
}

function stateDifference(a: { state: 'captured' | 'unavailable' }, b: { state: 'captured' | 'unavailable' }): Difference[] {
  return a.state === b.state ? [] : [{ field: 'state', a: a.state, b: b.state }]
}

function without(value: object, left: ReadonlySet<string>): object {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !left.has(key)))
}

const GPU_SERIAL = new Set(['uuid'])

function numberedGpus(gpus: readonly object[]): object {
  const sorted = gpus.map((gpu) => without(gpu, GPU_SERIAL)).sort((a, b) => compareText(JSON.stringify(a), JSON.stringify(b)))
  return Object.fromEntries(sorted.entries())
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
