import { isStemmaError } from '../../errors/stemma-error.js'
import type { Birth } from '../../schemas/birth.js'
import type { Digest } from '../../schemas/digest.js'
import type { CreateVersionRequest } from '../../schemas/requests.js'
import { manifestBytes } from '../../record/manifest.js'
import { newId } from '../../util/new-id.js'
import type { CallOptions } from '../../util/options.js'
import { sha256Hex } from '../../util/sha256.js'
import { proxiedPath } from './artifact-folder.js'
import type { Connection } from './connection.js'
import { createOnce } from './create-once.js'
import { finalizeLoggedModel, loggedModelParams, MLFLOW, type MlflowRun } from './endpoints.js'
import { allOf } from './all-of.js'
import { isMissingRoute } from './mlflow-error.js'
import { MLMODEL, mlmodelText } from './mlmodel.js'
import { blobPath, MANIFEST_PATH, storedPath, type Placement } from './placement.js'
import { runDatasets, runMetrics, runParams, runTags } from './run-data.js'
import { uploadFiles, type UploadFile } from './upload-files.js'

/** Most params or tags of one request. */
const BATCH = 100
/** Most metrics of one request. */
const METRICS_BATCH = 500
/** Where a run keeps its model on servers without logged models. */
const RUN_FOLDER = 'model'

interface Home {
  experimentId: string
  run: MlflowRun
  /** Absent on servers without logged models. */
  model: { modelId: string; artifactUri: string } | undefined
}

/** What has been put where, and how to take it back. */
export interface StoredVersion {
  readonly placement: Placement
  /** For a version that came to nothing: best effort. */
  discard(): Promise<void>
}

/**
 * Puts a version's files and its story on the server: a run, on newer servers a logged model, and the files, of which the manifest and
 * the MLmodel file come last. It is no version of a registered model yet.
 */
export async function storeVersion(connection: Connection, request: CreateVersionRequest, options: CallOptions & { actor?: string | undefined }): Promise<StoredVersion> {
  const home = await makeHome(connection, request, options)
  const discard = (): Promise<void> => giveUp(connection, home)
  try {
    const placement = placementIn(home)
    await allOf(logStory(connection, request, home, options), upload(connection, request, home, placement, options))
    await finish(connection, home, placement, options)
    return { placement, discard }
  } catch (error) {
    await discard()
    throw error
  }
}

async function makeHome(connection: Connection, request: CreateVersionRequest, options: CallOptions & { actor?: string | undefined }): Promise<Home> {
  const { client, sources } = connection
  const { signal } = options
  const token = newId(sources)
  const experimentId = await connection.experimentOf(request.name, options)
  const startedAt = request.birth.training?.startedAt
  const body = {
    experiment_id: experimentId,
    run_name: request.name,
    start_time: startedAt === undefined ? sources.now() : Date.parse(startedAt),
    tags: runTags(request, options.actor, token)
  }
  const filter = `tags.\`stemma.log\` = '${token}'`
  const run = await createOnce({
    create: async () => (await client.call(MLFLOW.createRun, { body, signal, isReplayable: false })).run,
    find: async () => (await client.call(MLFLOW.searchRuns, { body: { experiment_ids: [experimentId], filter, max_results: 1 }, signal })).runs[0],
    sources,
    signal
  })
  return { experimentId, run, model: await makeLoggedModel(connection, request, { experimentId, runId: run.info.run_id, token, filter }, options) }
}

/** `undefined` on a server that has no logged models: found out by asking, and remembered. */
async function makeLoggedModel(
  connection: Connection,
  { name, birth }: CreateVersionRequest,
  { experimentId, runId, token, filter }: { experimentId: string; runId: string; token: string; filter: string },
  { signal }: CallOptions
): Promise<Home['model']> {
  const { client, sources, features } = connection
  if (features.loggedModels === false) return undefined
  const body = {
    experiment_id: experimentId,
    name: name.replaceAll(/[/:.%"']/g, '_'),
    source_run_id: runId,
    params: runParams(birth).slice(0, BATCH),
    tags: [{ key: 'stemma.log', value: token }, { key: 'stemma.model', value: name }]
  }
  try {
    const { info } = await createOnce({
      create: async () => (await client.call(MLFLOW.createLoggedModel, { body, signal, isReplayable: false })).model,
      find: async () => (await client.call(MLFLOW.searchLoggedModels, { body: { experiment_ids: [experimentId], filter, max_results: 1 }, signal })).models[0],
      sources,
      signal
    })
    features.loggedModels = true
    return { modelId: info.model_id, artifactUri: info.artifact_uri ?? '' }
  } catch (error) {
    if (!isMissingRoute(error)) throw error
    features.loggedModels = false
    return undefined
  }
}

/** That the run made the model. Said twice, it is refused: then the first reply was lost. */
async function linkOutput({ client }: Connection, runId: string, modelId: string, { signal }: CallOptions): Promise<void> {
  const call = { body: { run_id: runId, models: [{ model_id: modelId, step: 0 }] }, signal, isReplayable: false }
  try {
    await client.call(MLFLOW.logOutputs, call)
  } catch (error) {
    if (!isStemmaError(error) || !error.retryable) throw error
    await client.call(MLFLOW.logOutputs, { ...call, isReplayable: true }).catch((again: unknown) => {
      if (!isStemmaError(again, 'INVALID_INPUT', 'ALREADY_EXISTS')) throw again
    })
  }
}

function placementIn({ experimentId, run, model }: Home): Placement {
  const runId = run.info.run_id
  if (model) return { artifactUri: model.artifactUri, source: `models:/${model.modelId}`, experimentId, runId, modelId: model.modelId, manifest: 'stored' }
  const artifactUri = `${run.info.artifact_uri ?? ''}/${RUN_FOLDER}`
  return { artifactUri, source: artifactUri, experimentId, runId, manifest: 'stored' }
}

async function logStory(connection: Connection, { birth }: CreateVersionRequest, { run, model }: Home, { signal }: CallOptions): Promise<void> {
  const { client, sources } = connection
  const runId = run.info.run_id
  if (model) await linkOutput(connection, runId, model.modelId, { signal })
  const params = runParams(birth)
  const metrics = runMetrics(birth.metrics, sources.now(), model?.modelId)
  for (let from = 0; from < Math.max(params.length, 1) || from < metrics.length; from += BATCH) {
    const batch = { params: params.slice(from, from + BATCH), metrics: from === 0 ? metrics.slice(0, METRICS_BATCH) : [] }
    if (batch.params.length === 0 && batch.metrics.length === 0) break
    await client.call(MLFLOW.logBatch, { body: { run_id: runId, ...batch }, signal })
    if (model && from > 0) await client.call(loggedModelParams(model.modelId), { body: { model_id: model.modelId, params: batch.params }, signal })
  }
  for (let from = METRICS_BATCH; from < metrics.length; from += METRICS_BATCH) {
    await client.call(MLFLOW.logBatch, { body: { run_id: runId, metrics: metrics.slice(from, from + METRICS_BATCH) }, signal })
  }
  if (birth.datasets.length > 0) await client.call(MLFLOW.logInputs, { body: { run_id: runId, datasets: runDatasets(birth) }, signal })
}

async function upload(connection: Connection, request: CreateVersionRequest, home: Home, placement: Placement, options: CallOptions): Promise<void> {
  const { client, sources } = connection
  const { manifest, birth } = request
  const bytes = manifestBytes(manifest)
  const digest: Digest = `sha256:${sha256Hex(bytes)}`
  const mlmodel = mlmodelText(request, {
    digest,
    artifactPath: placement.modelId === undefined ? RUN_FOLDER : placement.artifactUri,
    runId: home.run.info.run_id,
    modelId: placement.modelId,
    uuid: Buffer.from(sources.randomBytes(16)).toString('hex'),
    nowMs: sources.now()
  })
  const blobs = new Map<string, { digest: Digest; sizeBytes: number }>(manifest.artifacts.map((artifact) => [storedPath(artifact), artifact]))
  for (const { digest, sizeBytes } of environmentBlobs(birth)) blobs.set(blobPath(digest), { digest, sizeBytes })
  const files = [...blobs].map(([path, blob]): UploadFile => ({
    path,
    sizeBytes: blob.sizeBytes,
    sha256: blob.digest.slice('sha256:'.length),
    open: () => connection.openBlob(blob.digest, options)
  }))
  const isTheirs = manifest.artifacts.some(({ path }) => path === MLMODEL)
  const last = [inMemory(MANIFEST_PATH, bytes), ...(isTheirs ? [] : [inMemory(MLMODEL, Buffer.from(mlmodel))])]
  await uploadFiles(client, proxiedPath(client, placement.artifactUri), files, last, options)
  if (placement.modelId === undefined && !isTheirs) await announce(connection, home, placement, sources.now(), options)
}

function environmentBlobs({ environment }: Birth): { digest: Digest; sizeBytes: number }[] {
  if (environment.state !== 'captured') return []
  return (environment.files ?? []).flatMap(({ digest, sizeBytes }) => (isDigest(digest) ? [{ digest, sizeBytes }] : []))
}

function isDigest(text: string): text is Digest {
  return /^sha256:[0-9a-f]{64}$/.test(text)
}

function inMemory(path: string, bytes: Uint8Array): UploadFile {
  // eslint-disable-next-line @typescript-eslint/require-await -- the form that a stream has
  const open = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes
  }
  return { path, sizeBytes: bytes.byteLength, sha256: sha256Hex(bytes), open }
}

/** Tells servers without logged models that the run has one, for their pages. */
async function announce({ client }: Connection, { run }: Home, { runId }: Placement, nowMs: number, { signal }: CallOptions): Promise<void> {
  const time = new Date(nowMs).toISOString().replace('T', ' ').replace('Z', '000')
  const json = { run_id: runId, artifact_path: RUN_FOLDER, utc_time_created: time, flavors: {} }
  await client.call(MLFLOW.logModel, { body: { run_id: run.info.run_id, model_json: JSON.stringify(json) }, signal })
}

async function finish({ client, sources }: Connection, { run }: Home, { modelId }: Placement, { signal }: CallOptions): Promise<void> {
  const [ready, finished] = [{ model_id: modelId, status: 'LOGGED_MODEL_READY' }, { run_id: run.info.run_id, status: 'FINISHED', end_time: sources.now() }]
  await allOf(
    modelId === undefined ? undefined : client.call(finalizeLoggedModel(modelId), { body: ready, signal }),
    client.call(MLFLOW.updateRun, { body: finished, signal })
  )
}

async function giveUp({ client, sources }: Connection, { run, model }: Home): Promise<void> {
  const end = { run_id: run.info.run_id, status: 'FAILED', end_time: sources.now() }
  // Nobody refers to it: that it cannot be marked is no further failure.
  if (model) await client.call(finalizeLoggedModel(model.modelId), { body: { model_id: model.modelId, status: 'LOGGED_MODEL_UPLOAD_FAILED' } }).catch(() => undefined)
  await client.call(MLFLOW.updateRun, { body: end }).catch(() => undefined)
}
