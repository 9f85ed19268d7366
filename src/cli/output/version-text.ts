import type { Dataset } from '../../schemas/dataset.js'
import type { ModelVersion } from '../../schemas/model-version.js'
import { countText, sizeText, timeText } from './amounts.js'
import type { Paint } from './paint.js'
import { plainText } from './plain-text.js'
import { pairsText, tableText } from './table.js'
import { valueLines, valueText } from './value-text.js'

/** All that people ask of a version first: where it stands, what it is made of, and how it came to be. */
export async function versionText(version: ModelVersion, paint: Paint): Promise<string> {
  const { name, version: number, sequence, digest, createdAt, createdBy, sizeBytes, artifactCount, artifacts } = version
  const facts = await pairsText(
    [
      ['digest', digest],
      ['number', `#${sequence}`],
      ['created', `${timeText(createdAt)}${by(createdBy)}`],
      ['stage', stageLines(version)],
      ['deleted', version.deleted && `${timeText(version.deleted.at)}${by(version.deleted.by)}: ${version.deleted.reason}`],
      ['aliases', version.aliases.join(', ')],
      ['tags', valueLines(version.tags)],
      ['description', version.description?.split('\n')],
      ['approvals', version.approvals.map(({ by: who, decision, comment, at }) => `${decision} by ${who}, ${timeText(at)}${because(comment)}`)],
      ['metrics', valueLines(version.metrics)],
      ['evaluations', version.evaluations.map(({ dataset, slice, metrics }) => `${dataset ?? 'any data'}, ${slice ?? 'all of it'}: ${valueLines(metrics).join(', ')}`)],
      ['params', valueLines(version.params)],
      ['data', version.datasets.map(datasetText)],
      ['made from', version.derivedFrom.map((origin) => `${origin.relation}: ${origin.name}@${origin.version}`)],
      ['code', codeText(version.code)],
      ['environment', environmentText(version.environment)],
      ['hardware', hardwareText(version.hardware)],
      ['training', version.training && `${(version.training.durationMs / 1_000).toFixed(1)} s, from ${timeText(version.training.startedAt)}`],
      ['size', `${sizeText(sizeBytes)} in ${countText(artifactCount, 'file')}`]
    ],
    paint
  )
  const files = await tableText(
    artifacts,
    [
      { title: 'FILE', value: ({ path }) => path },
      { title: 'SIZE', value: (artifact) => sizeText(artifact.sizeBytes), align: 'right' },
      { title: 'FORMAT', value: ({ format }) => format },
      { title: 'ROLE', value: ({ role }) => role },
      { title: 'DIGEST', value: (artifact) => artifact.digest.slice(0, 'sha256:'.length + 12), style: 'faint' }
    ],
    paint,
    'no files'
  )
  return `${paint('strong', plainText(`${name}@${number}`))}\n\n${facts}\n${files}`
}

function stageLines({ stage, stageSince, live }: ModelVersion): string[] {
  if (live.length === 0) return [`${stage} since ${timeText(stageSince.at)}${by(stageSince.by)}${because(stageSince.reason)}`]
  return live.map(({ audience, at, by: who, reason }) => `${stage} for ${audience} since ${timeText(at)}${by(who)}${because(reason)}`)
}

function by(who: string | undefined): string {
  return who === undefined ? '' : ` by ${who}`
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${reason}`
}

function datasetText({ name, version, digest, role }: Dataset): string {
  const pinned = version === undefined ? (digest === undefined ? '' : `@${digest.slice(0, 'sha256:'.length + 12)}`) : `@${version}`
  return `${name}${pinned}${role === undefined ? '' : ` (${role})`}`
}

function codeText(code: ModelVersion['code']): string {
  if (code.state === 'unavailable') return `not captured: ${code.reason}`
  const { commit, branch, dirty, remote } = code
  const facts = [commit?.slice(0, 12), branch && `on ${branch}`, dirty === true ? 'with changes not committed' : undefined, remote && `of ${remote}`]
  return facts.filter((fact) => fact !== undefined && fact !== '').join(' ')
}

function environmentText(environment: ModelVersion['environment']): string {
  if (environment.state === 'unavailable') return `not captured: ${environment.reason}`
  const { runtime, os, container } = environment
  return `${runtime.name} ${runtime.version}, ${os.platform} ${os.arch}${container === undefined ? '' : `, in ${container}`}`
}

function hardwareText(hardware: ModelVersion['hardware']): string[] | string {
  if (hardware.state === 'unavailable') return `not captured: ${hardware.reason}`
  const { cpu, memoryBytes, gpus } = hardware
  return [`${valueText(cpu.model)}, ${countText(cpu.logicalCores, 'core')}, ${sizeText(memoryBytes)}`, ...gpus.map(({ name }) => name)]
}
