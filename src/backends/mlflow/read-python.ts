import { createHash } from 'node:crypto'
import { StemmaError } from '../../errors/stemma-error.js'
import { formatOf, roleOf } from '../../record/artifact-format.js'
import { checkAlias } from '../../record/alias.js'
import { buildManifest } from '../../record/manifest.js'
import type { Artifact, Manifest } from '../../schemas/artifact.js'
import type { Birth } from '../../schemas/birth.js'
import type { CreateVersionRequest } from '../../schemas/requests.js'
import { mapLimited } from '../../util/map-limited.js'
import type { CallOptions } from '../../util/options.js'
import { listFiles, proxiedPath, readFile } from './artifact-folder.js'
import type { MlflowClient } from './client.js'
import { MLFLOW, type MlflowRun, type MlflowVersion, type RegisteredModel } from './endpoints.js'
import type { Placement } from './placement.js'

const CONCURRENT_READS = 4
const HEAD_BYTES = 512
const unavailable = { state: 'unavailable', reason: 'logged without stemma' } as const

/** Where the files of a version lie that was logged without stemma, and how large they are. */
export async function locatePython(client: MlflowClient, { name, version, source = '', run_id: runId }: MlflowVersion, options: CallOptions) {
  const { artifact_uri: artifactUri } = await client.call(MLFLOW.versionUri, { query: { name, version }, signal: options.signal })
  const modelId = /^models:\/(m-[\w-]+)/.exec(source)?.[1]
  const placement: Placement = {
    ...{ artifactUri, source, version, manifest: 'made' },
    ...(runId ? { runId } : {}),
    ...(modelId === undefined ? {} : { modelId })
  }
  const files = await listFiles(client, proxiedPath(client, artifactUri), options)
  return { placement, files, sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0) }
}

/** What registers a version that was logged without stemma: a manifest of the bytes that are there now, and what its run says. */
export async function readPython(
  client: MlflowClient,
  model: string,
  row: MlflowVersion,
  { registered, stages, located }: { registered: RegisteredModel; stages: readonly string[]; located: Awaited<ReturnType<typeof locatePython>> },
  options: CallOptions
): Promise<CreateVersionRequest> {
  const { placement, files } = located
  const folder = proxiedPath(client, placement.artifactUri)
  const artifacts = await mapLimited(files, CONCURRENT_READS, (file) => readArtifact(client, folder, file, options))
  const run = placement.runId === undefined ? undefined : (await client.call(MLFLOW.getRun, { query: { run_id: placement.runId }, signal: options.signal })).run
  const birth = { ...birthOf(run), mlflow: placement }
  const manifest: Manifest = buildManifest(artifacts)
  return {
    name: model,
    manifest,
    birth,
    version: { bump: 'patch' },
    tags: Object.fromEntries(row.tags.filter(({ key }) => !/^(stemma|mlflow)\./.test(key)).map(({ key, value }) => [key, value])),
    ...(row.description ? { description: row.description } : {}),
    aliases: registered.aliases.filter(({ alias, version }) => version === row.version && isAlias(alias, stages)).map(({ alias }) => alias)
  }
}

async function readArtifact(client: MlflowClient, folder: string, file: { path: string; sizeBytes: number }, options: CallOptions): Promise<Artifact> {
  const hash = createHash('sha256')
  let head = Buffer.alloc(0)
  let sizeBytes = 0
  for await (const chunk of readFile(client, `${folder}/${file.path}`, options)) {
    if (head.byteLength < HEAD_BYTES) head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES)])
    hash.update(chunk)
    sizeBytes += chunk.byteLength
  }
  if (sizeBytes !== file.sizeBytes) {
    throw new StemmaError('IO', `${file.path} came with ${sizeBytes} bytes, and is listed with ${file.sizeBytes}`, { hint: 'Try again.', details: { path: file.path } })
  }
  const format = formatOf(file.path, head)
  return { path: file.path, sizeBytes, digest: `sha256:${hash.digest('hex')}`, format, role: roleOf(file.path, format) }
}

function isAlias(alias: string, stages: readonly string[]): boolean {
  try {
    checkAlias(alias, stages)
    return true
  } catch {
    // It stays one in MLflow; here it would read as something else.
    return false
  }
}

function birthOf(run: MlflowRun | undefined): Birth {
  const tags = new Map(run?.data.tags.map(({ key, value }) => [key, value]))
  const commit = tags.get('mlflow.source.git.commit')
  const startedMs = run?.info.start_time ?? 0
  const finishedMs = run?.info.end_time ?? 0
  const dated = { startedAt: new Date(startedMs).toISOString(), finishedAt: new Date(finishedMs).toISOString() }
  return {
    schemaVersion: 1,
    params: Object.fromEntries(run?.data.params.map(({ key, value }) => [key, value]) ?? []),
    metrics: Object.fromEntries(run?.data.metrics.flatMap(({ key, value }) => (Number.isFinite(Number(value)) && value !== 'NaN' ? [[key, Number(value)]] : [])) ?? []),
    evaluations: [],
    featureImportance: {},
    datasets: (run?.inputs.dataset_inputs ?? []).map(({ dataset: { name, digest }, tags }) => {
      const role = tags.find(({ key }) => key === 'mlflow.data.context')?.value
      return { name: name.slice(0, 512), ...(digest ? { digest } : {}), ...(role ? { role: role.slice(0, 64) } : {}) }
    }),
    derivedFrom: [],
    ...(finishedMs > startedMs && startedMs > 0 ? { training: { ...dated, durationMs: finishedMs - startedMs, params: {}, series: {} } } : {}),
    code: commit === undefined ? unavailable : { state: 'captured', source: 'git', commit },
    environment: unavailable,
    hardware: unavailable
  }
}
