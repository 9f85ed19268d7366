import * as z from 'zod'
import type { Endpoint, JsonEndpoint } from '../../transport/endpoint.js'

const BASE = '/api/2.0/mlflow'
const ARTIFACTS = '/api/2.0/mlflow-artifacts'

const text = z.string().optional()
/** MLflow's 64-bit numbers: numbers from its own server, decimal texts from others that speak its protocol. */
const integer = z.union([z.number(), z.string().transform(Number)]).optional()
const tagSchema = z.looseObject({ key: z.string(), value: z.string().default('') })
const nothing = z.looseObject({})

/** A registered model's version, as MLflow tells it. */
export const mlflowVersionSchema = z.looseObject({
  name: z.string(),
  version: z.union([z.string(), z.number().transform(String)]),
  creation_timestamp: integer,
  current_stage: text,
  description: text,
  source: text,
  run_id: text,
  status: text,
  tags: z.array(tagSchema).default([])
})
/** A registered model's version, as MLflow tells it. */
export type MlflowVersion = z.output<typeof mlflowVersionSchema>

const registeredModelSchema = z.looseObject({
  name: z.string(),
  description: text,
  last_updated_timestamp: integer,
  tags: z.array(tagSchema).default([]),
  aliases: z.array(z.looseObject({ alias: z.string(), version: z.union([z.string(), z.number().transform(String)]) })).default([])
})
/** A registered model, as MLflow tells it. */
export type RegisteredModel = z.output<typeof registeredModelSchema>

const runInfoSchema = z.looseObject({ run_id: z.string(), experiment_id: z.string(), artifact_uri: text, start_time: integer, end_time: integer, user_id: text })
const runSchema = z.looseObject({
  info: runInfoSchema,
  data: z
    .looseObject({
      params: z.array(z.looseObject({ key: z.string(), value: z.string().default('') })).default([]),
      metrics: z.array(z.looseObject({ key: z.string(), value: z.union([z.number(), z.string()]).default(0) })).default([]),
      tags: z.array(tagSchema).default([])
    })
    .default({ params: [], metrics: [], tags: [] }),
  inputs: z
    .looseObject({
      dataset_inputs: z
        .array(
          z.looseObject({
            dataset: z.looseObject({ name: z.string(), digest: text, source: text }),
            tags: z.array(tagSchema).default([])
          })
        )
        .default([])
    })
    .default({ dataset_inputs: [] })
})
/** A run, as MLflow tells it. */
export type MlflowRun = z.output<typeof runSchema>

const loggedModelSchema = z.looseObject({ info: z.looseObject({ model_id: z.string(), artifact_uri: text, status: text }) })
const filesSchema = z.looseObject({
  files: z.array(z.looseObject({ path: z.string(), is_dir: z.boolean().default(false), file_size: integer })).default([])
})

function get<T extends z.ZodType>(path: string, reply: T): JsonEndpoint<T> {
  return { method: 'GET', path: `${BASE}/${path}`, status: 200, reply }
}
function post<T extends z.ZodType>(path: string, reply: T): JsonEndpoint<T> {
  return { method: 'POST', path: `${BASE}/${path}`, status: 200, reply }
}

/** The parts of MLflow's REST interface that this backend uses; the same in 2.x and 3.x but for logged models. */
export const MLFLOW = {
  getExperiment: get('experiments/get-by-name', z.looseObject({ experiment: z.looseObject({ experiment_id: z.string(), lifecycle_stage: text }) })),
  createExperiment: post('experiments/create', z.looseObject({ experiment_id: z.string() })),
  createRun: post('runs/create', z.looseObject({ run: runSchema })),
  getRun: get('runs/get', z.looseObject({ run: runSchema })),
  searchRuns: post('runs/search', z.looseObject({ runs: z.array(runSchema).default([]) })),
  updateRun: post('runs/update', nothing),
  deleteRun: post('runs/delete', nothing),
  logBatch: post('runs/log-batch', nothing),
  logInputs: post('runs/log-inputs', nothing),
  logModel: post('runs/log-model', nothing),
  logOutputs: post('runs/outputs', nothing),
  createLoggedModel: post('logged-models', z.looseObject({ model: loggedModelSchema })),
  searchLoggedModels: post('logged-models/search', z.looseObject({ models: z.array(loggedModelSchema).default([]) })),
  createRegisteredModel: post('registered-models/create', nothing),
  getRegisteredModel: get('registered-models/get', z.looseObject({ registered_model: registeredModelSchema })),
  searchRegisteredModels: get(
    'registered-models/search',
    z.looseObject({ registered_models: z.array(registeredModelSchema).default([]), next_page_token: text })
  ),
  setModelTag: post('registered-models/set-tag', nothing),
  setAlias: post('registered-models/alias', nothing),
  deleteAlias: { method: 'DELETE', path: `${BASE}/registered-models/alias`, status: 200, reply: nothing },
  createVersion: post('model-versions/create', z.looseObject({ model_version: mlflowVersionSchema })),
  deleteVersion: { method: 'DELETE', path: `${BASE}/model-versions/delete`, status: 200, reply: nothing },
  updateVersion: { method: 'PATCH', path: `${BASE}/model-versions/update`, status: 200, reply: nothing },
  searchVersions: get('model-versions/search', z.looseObject({ model_versions: z.array(mlflowVersionSchema).default([]), next_page_token: text })),
  versionUri: get('model-versions/get-download-uri', z.looseObject({ artifact_uri: z.string() })),
  setVersionTag: post('model-versions/set-tag', nothing),
  deleteVersionTag: { method: 'DELETE', path: `${BASE}/model-versions/delete-tag`, status: 200, reply: nothing },
  transitionStage: post('model-versions/transition-stage', nothing),
  listArtifacts: { method: 'GET', path: `${ARTIFACTS}/artifacts`, status: 200, reply: filesSchema }
} as const

/** Ends the pending state of a logged model. */
export function finalizeLoggedModel(modelId: string): JsonEndpoint<typeof nothing> {
  return { method: 'PATCH', path: `${BASE}/logged-models/${encodeURIComponent(modelId)}`, status: 200, reply: nothing }
}

/** Parameters of a logged model, at most 100 a request. */
export function loggedModelParams(modelId: string): JsonEndpoint<typeof nothing> {
  return post(`logged-models/${encodeURIComponent(modelId)}/params`, nothing)
}

const headersSchema = z.record(z.string(), z.string()).default({})
const createdUploadSchema = z.looseObject({
  upload_id: text,
  credentials: z.array(z.looseObject({ url: z.string(), part_number: z.coerce.number(), headers: headersSchema })).default([])
})
/** A multipart upload that was begun, with a signed address for each part. */
export type MultipartUpload = z.output<typeof createdUploadSchema>

/** The multipart upload of files into a folder, on servers whose artifacts are in an object store. */
export function multipartEndpoints(folder: string) {
  const to = <T extends z.ZodType>(step: string, reply: T): JsonEndpoint<T> => ({ method: 'POST', path: `${ARTIFACTS}/mpu/${step}/${encodedPath(folder)}`, status: 200, reply })
  return { create: to('create', createdUploadSchema), complete: to('complete', nothing), abort: to('abort', nothing) }
}

/** A signed address of a file, on servers whose artifacts are in an object store. */
export function signedDownload(path: string) {
  return { method: 'GET', path: `${ARTIFACTS}/presigned/${encodedPath(path)}`, status: 200, reply: z.looseObject({ url: z.string(), headers: headersSchema }) } as const
}

/** A file behind the server's artifact proxy. Each part of the path is encoded by itself. */
export function artifactFile(method: 'GET' | 'PUT', path: string): Endpoint {
  return { method, path: `${ARTIFACTS}/artifacts/${encodedPath(path)}`, status: 200 }
}

function encodedPath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}
