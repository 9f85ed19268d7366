import { liveAudiences } from '../../record/live-version.js'
import type { ModelState } from '../../record/model-state.js'
import type { VersionSummary } from '../../schemas/model-version.js'
import type { KeyValue } from './run-data.js'

const DEFAULT_AUDIENCE = 'default'
const ALIAS = /^[\w-]{1,255}$/
const STAGES: Readonly<Record<string, string>> = { none: 'None', staging: 'Staging', production: 'Production', archived: 'Archived' }

/** The stage of MLflow that a stage is; `undefined` for one of the registry's own, which MLflow has no word for. */
export function mlflowStage(stage: string): string | undefined {
  return Object.hasOwn(STAGES, stage) ? STAGES[stage] : undefined
}

/** The stage that a stage of MLflow is. */
export function stageOf(mlflow: string | undefined): string {
  return Object.keys(STAGES).find((stage) => STAGES[stage]?.toLowerCase() === mlflow?.toLowerCase()) ?? 'none'
}

/** The alias of the version that is live for an audience. */
export function audienceAlias(audience: string): string {
  return audience === DEFAULT_AUDIENCE ? 'production' : `production-${audience.replaceAll('.', '_2e')}`
}

/** The aliases that a model has in MLflow: its own, `production` and one for every other audience, and `staging`. Alias to sequence. */
export function wantedAliases(state: ModelState): Map<string, number> {
  const wanted = new Map<string, number>()
  for (const [alias, sequence] of state.aliases) if (ALIAS.test(alias)) wanted.set(alias, sequence)
  for (const [audience, version] of liveAudiences(state)) {
    const sequence = state.sequences.get(version)
    if (sequence !== undefined) wanted.set(audienceAlias(audience), sequence)
  }
  const staged = state.versions.filter(({ stage, deleted }) => stage === 'staging' && deleted === undefined)
  const last = staged.toSorted((left, right) => enteredAt(state, left) - enteredAt(state, right)).at(-1)
  if (last) wanted.set('staging', last.sequence)
  return wanted
}

function enteredAt(state: ModelState, { sequence }: VersionSummary): number {
  return state.enteredStageAt.get(sequence) ?? -1
}

/** The tags that a version has in MLflow: its own, and those by which stemma finds it and others see where it stands. */
export function wantedTags(version: VersionSummary): KeyValue[] {
  const { stage, audiences } = version
  return [
    { key: 'stemma.version', value: version.version },
    { key: 'stemma.sequence', value: String(version.sequence) },
    { key: 'stemma.digest', value: version.digest },
    { key: 'stemma.stage', value: audiences.length === 0 ? stage : `${stage} (${audiences.join(', ')})` },
    ...Object.entries(version.tags).map(([key, value]) => ({ key, value }))
  ]
}
