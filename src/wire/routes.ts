import type * as z from 'zod'
import { lineageGraphSchema } from '../schemas/lineage.js'
import { garbageReportSchema, verificationReportSchema } from '../schemas/report.js'
import {
  commitSchema,
  createVersionBodySchema,
  deletionBodySchema,
  garbageBodySchema,
  historyPageSchema,
  keepBodySchema,
  metadataBodySchema,
  missingSchema,
  modelPageSchema,
  registryInfoSchema,
  rollbackBodySchema,
  searchBodySchema,
  storedBlobSchema,
  storedBlobsSchema,
  transitionBodySchema,
  uploadBodySchema,
  uploadSchema,
  verifyBodySchema,
  versionPageSchema,
  wireVersionSchema
} from './messages.js'
import {
  commitQuerySchema,
  finishQuerySchema,
  historyQuerySchema,
  lineageQuerySchema,
  modelsQuerySchema,
  nameQuerySchema,
  referenceQuerySchema,
  versionsQuerySchema
} from './queries.js'

/** What a token may do. `admin` includes all, `promote` and `write` include `read`. */
export type Scope = 'read' | 'write' | 'promote' | 'admin'

/** One route: what both sides need to know of it, and what docs/http-api.md is made from. */
export interface Route {
  method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  /** With `{parameters}`, which hold one segment each. Names and references go into the query or the body, since they have slashes. */
  path: string
  /** `open`: answered without a token. */
  scope: Scope | 'open'
  /** One sentence. */
  summary: string
  query?: z.ZodType | undefined
  /** A body of JSON by its schema; or bytes, or parts. */
  body?: z.ZodType | 'bytes' | 'multipart' | undefined
  /** A reply of JSON by its schema; `stream` also as server-sent events. Or bytes, events, text, nothing. */
  reply: z.ZodType | 'bytes' | 'events' | 'text' | 'nothing'
  /** Whether the reply may also come as server-sent events `progress` and `result` or `error`, when the request accepts `text/event-stream`. */
  progress?: boolean | undefined
  status: number
  /** Changes something: takes an `Idempotency-Key`. */
  mutates?: boolean | undefined
}

/** The name of a route. Written out, so that the types of `stemma/server` do not have to hold the schema of every message. */
export type RouteName =
  | 'registry' | 'version' | 'models' | 'versions' | 'search' | 'history' | 'lineage' | 'changes' | 'commit'
  | 'createVersion' | 'publish' | 'transition' | 'rollback' | 'metadata' | 'deletion' | 'verify' | 'garbage'
  | 'keepBlobs' | 'putBlobs' | 'blob' | 'blobSize' | 'startUpload' | 'uploadOffset' | 'uploadChunk' | 'finishUpload' | 'cancelUpload'
  | 'health' | 'ready' | 'metrics' | 'openapi'

/** Every route of the registry. */
export const ROUTES = {
  registry: { method: 'GET', path: '/v1/registry', scope: 'read', summary: 'What this registry can do, and its rules', reply: registryInfoSchema, status: 200 },

  version: { method: 'GET', path: '/v1/version', scope: 'read', summary: 'The version that a reference means', query: referenceQuerySchema, reply: wireVersionSchema, status: 200 },
  models: { method: 'GET', path: '/v1/models', scope: 'read', summary: 'All models, by name', query: modelsQuerySchema, reply: modelPageSchema, status: 200 },
  versions: { method: 'GET', path: '/v1/versions', scope: 'read', summary: 'Versions of a model, newest first', query: versionsQuerySchema, reply: versionPageSchema, status: 200 },
  search: { method: 'POST', path: '/v1/search', scope: 'read', summary: 'Versions that match a filter', body: searchBodySchema, reply: versionPageSchema, status: 200 },
  history: { method: 'GET', path: '/v1/history', scope: 'read', summary: 'Every change, oldest first', query: historyQuerySchema, reply: historyPageSchema, status: 200 },
  lineage: { method: 'GET', path: '/v1/lineage', scope: 'read', summary: 'What made a version, and what was made from it', query: lineageQuerySchema, reply: lineageGraphSchema, status: 200 },
  changes: { method: 'GET', path: '/v1/changes', scope: 'read', summary: 'An event now, and one after every change of a model', query: nameQuerySchema, reply: 'events', status: 200 },
  commit: { method: 'GET', path: '/v1/commit', scope: 'read', summary: 'Whether a commit with an unknown outcome took place', query: commitQuerySchema, reply: commitSchema, status: 200 },

  createVersion: { method: 'POST', path: '/v1/versions', scope: 'write', summary: 'Registers a version whose blobs are stored', body: createVersionBodySchema, reply: wireVersionSchema, status: 201, mutates: true },
  publish: { method: 'POST', path: '/v1/publish', scope: 'write', summary: 'Stores the files of a small model and registers it', body: 'multipart', reply: wireVersionSchema, status: 201, mutates: true },
  transition: { method: 'POST', path: '/v1/transitions', scope: 'promote', summary: 'Moves a version to a stage', body: transitionBodySchema, reply: wireVersionSchema, status: 200, mutates: true },
  rollback: { method: 'POST', path: '/v1/rollbacks', scope: 'promote', summary: 'Makes an earlier version live again, after its bytes were verified', body: rollbackBodySchema, reply: wireVersionSchema, progress: true, status: 200, mutates: true },
  metadata: { method: 'POST', path: '/v1/metadata', scope: 'write', summary: 'Changes living metadata; aliases and approvals want the scope promote', body: metadataBodySchema, reply: wireVersionSchema, status: 200, mutates: true },
  deletion: { method: 'POST', path: '/v1/deletions', scope: 'admin', summary: 'Puts a tombstone on a version', body: deletionBodySchema, reply: wireVersionSchema, status: 200, mutates: true },
  verify: { method: 'POST', path: '/v1/verifications', scope: 'read', summary: 'Reads events and bytes again and reports damage', body: verifyBodySchema, reply: verificationReportSchema, progress: true, status: 200 },
  garbage: { method: 'POST', path: '/v1/garbage', scope: 'admin', summary: 'Removes bytes that no version needs', body: garbageBodySchema, reply: garbageReportSchema, progress: true, status: 200 },

  keepBlobs: { method: 'POST', path: '/v1/blobs/keep', scope: 'write', summary: 'Which blobs have to be sent; the others are kept from garbage collection', body: keepBodySchema, reply: missingSchema, status: 200 },
  putBlobs: { method: 'POST', path: '/v1/blobs', scope: 'write', summary: 'Stores a batch of small blobs, one a part', body: 'multipart', reply: storedBlobsSchema, status: 200 },
  blob: { method: 'GET', path: '/v1/blobs/{digest}', scope: 'read', summary: 'The bytes of a blob, whole or a range', reply: 'bytes', status: 200 },
  blobSize: { method: 'HEAD', path: '/v1/blobs/{digest}', scope: 'read', summary: 'The size of a blob', reply: 'nothing', status: 200 },
  startUpload: { method: 'POST', path: '/v1/uploads', scope: 'write', summary: 'Begins an upload, or goes on with one of the same bytes', body: uploadBodySchema, reply: uploadSchema, status: 202 },
  uploadOffset: { method: 'HEAD', path: '/v1/uploads/{id}', scope: 'write', summary: 'How far an upload is', reply: 'nothing', status: 200 },
  uploadChunk: { method: 'PATCH', path: '/v1/uploads/{id}', scope: 'write', summary: 'Appends a chunk, which is durable when this answers', body: 'bytes', reply: 'nothing', status: 204 },
  finishUpload: { method: 'PUT', path: '/v1/uploads/{id}', scope: 'write', summary: 'Checks the digest and publishes the blob', query: finishQuerySchema, reply: storedBlobSchema, status: 201 },
  cancelUpload: { method: 'DELETE', path: '/v1/uploads/{id}', scope: 'write', summary: 'Throws an upload away', reply: 'nothing', status: 204 },

  health: { method: 'GET', path: '/healthz', scope: 'open', summary: 'Whether the process answers', reply: 'text', status: 200 },
  ready: { method: 'GET', path: '/readyz', scope: 'open', summary: 'Whether the store can be read and the server takes requests', reply: 'text', status: 200 },
  metrics: { method: 'GET', path: '/metrics', scope: 'read', summary: 'Figures for Prometheus', reply: 'text', status: 200 },
  openapi: { method: 'GET', path: '/openapi.json', scope: 'open', summary: 'This description, as OpenAPI 3.1', reply: 'text', status: 200 }
} as const satisfies Record<RouteName, Route>
