import type { ModelVersion } from '../../schemas/model-version.js'
import type { RollbackOptions } from '../../registry/rollback.js'
import type { Stage, TransitionOptions } from '../../registry/transition-stage.js'
import type { TestRegistry } from '../create-test-registry.js'
import { newArtifacts, type VersionInput } from './log-versions.js'

/**
 * One thing that happened to a model.
 * - `log`: a version was logged.
 * - `promote`: a version went to production, for an audience; without a version the latest one.
 * - `stage`: a version went to another stage.
 * - `rollback`: what was live before for an audience went live again.
 * - `delete`: a version was deleted.
 */
export type HistoryStep =
  | { log: VersionInput }
  | ({ promote: string | true } & Pick<TransitionOptions, 'audience' | 'reason' | 'actor'>)
  | ({ stage: Stage; version: string } & Pick<TransitionOptions, 'audience' | 'reason' | 'actor'>)
  | ({ rollback: true } & Pick<RollbackOptions, 'audience' | 'reason' | 'actor' | 'to'>)
  | { delete: string; reason: string; actor?: string | undefined }

/** Options of {@link logHistory}. */
export interface LogHistoryOptions {
  /** Time from one step to the next, milliseconds; at least 1; the clock of the registry is moved. @default 86_400_000, a day */
  stepMs?: number | undefined
}

/** What became of a step. */
export interface HistoryPoint {
  /** When it happened, as `?at=` takes it. */
  at: string
  /** The version concerned, as it was then. */
  version: ModelVersion
}

const DAY_MS = 86_400_000

/**
 * Lets a model live through a story: the first step happens now, each other one a day later.
 *
 * @returns one point a step
 * @throws {StemmaError} what the verb of a step throws.
 * @example
 * ```ts
 * const [, first] = await logHistory(registry, 'triage', [
 *   { log: { metrics: { auc: 0.91 } } },
 *   { promote: '1.0.0', audience: 'berlin' },
 *   { log: { metrics: { auc: 0.93 } } },
 *   { promote: '1.0.1', audience: 'berlin', reason: 'better at night' },
 *   { rollback: true, audience: 'berlin', reason: 'false alarms' }
 * ])
 * const then = await registry.getVersion(`triage@production?audience=berlin&at=${first?.at}`)
 * ```
 */
export async function logHistory(registry: TestRegistry, name: string, steps: readonly HistoryStep[], { stepMs = DAY_MS }: LogHistoryOptions = {}): Promise<HistoryPoint[]> {
  const points: HistoryPoint[] = []
  for (const [index, step] of steps.entries()) {
    if (index > 0) registry.clock.advance(stepMs)
    const version = await take(registry, name, step)
    points.push({ at: registry.clock.now(), version })
  }
  return points
}

async function take(registry: TestRegistry, name: string, step: HistoryStep): Promise<ModelVersion> {
  if ('log' in step) return registry.logModel({ artifacts: newArtifacts(registry), ...step.log, name })
  if ('promote' in step) {
    const { promote, ...options } = step
    return registry.transitionStage(promote === true ? name : `${name}@${promote}`, 'production', options)
  }
  if ('stage' in step) {
    const { stage, version, ...options } = step
    return registry.transitionStage(`${name}@${version}`, stage, options)
  }
  if ('delete' in step) {
    const { delete: version, ...options } = step
    return registry.deleteVersion(`${name}@${version}`, options)
  }
  const { audience, reason, actor, to } = step
  return registry.rollback(name, { audience, reason, actor, to })
}
