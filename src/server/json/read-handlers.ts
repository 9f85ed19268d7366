import * as z from 'zod'
import { StemmaError } from '../../errors/stemma-error.js'
import type { LineageOrigin } from '../../registry/lineage.js'
import { parse } from '../../schemas/parse.js'
import { LIBRARY } from '../../util/library.js'
import { DEFAULT_CHUNK_BYTES, MAX_BATCH_BLOB_BYTES, MAX_BATCH_BLOBS, MAX_BATCH_BYTES, MAX_CHUNK_BYTES } from '../../wire/limits.js'
import type { RegistryInfo } from '../../wire/messages.js'
import { ROUTES } from '../../wire/routes.js'
import type { Call, Handler, ServerContext } from '../context.js'
import { sendJson, sendText } from '../reply.js'
import { cutPage, readCursor } from './page.js'
import { searchPage } from './search-page.js'
import { toWire } from './to-wire.js'

type ReadRoute = 'registry' | 'version' | 'models' | 'versions' | 'search' | 'history' | 'lineage' | 'commit'

/** The routes that only read, each by the verb of its name. */
export function createReadHandlers(context: ServerContext): Record<ReadRoute, Handler> {
  const { registry } = context
  return {
    registry: (call) => answer(call, describeRegistry(context, call)),
    version: async (call) => {
      const { ref } = queryOf(call, ROUTES.version.query)
      await answer(call, toWire(await registry.getVersion(ref, { signal: call.signal })))
    },
    models: async (call) => {
      const { limit, cursor } = queryOf(call, ROUTES.models.query)
      const after = readCursor(cursor, z.string())
      await answerPage(call, cutPage(registry.models({ signal: call.signal }), {
        limit,
        isBefore: after === undefined ? undefined : ({ name }) => name <= after,
        encode: (model) => model,
        cursorAfter: ({ name }) => name
      }))
    },
    versions: async (call) => {
      const { name, includeDeleted, limit, cursor } = queryOf(call, ROUTES.versions.query)
      const after = readCursor(cursor, z.int())
      await answerPage(call, cutPage(registry.versions(name, { signal: call.signal, includeDeleted: includeDeleted === 'true' }), {
        limit,
        isBefore: after === undefined ? undefined : ({ sequence }) => sequence >= after,
        encode: toWire,
        cursorAfter: ({ sequence }) => sequence
      }))
    },
    search: async (call) => {
      await answerPage(call, searchPage(context, call))
    },
    history: async (call) => {
      const { name, ref, limit, cursor } = queryOf(call, ROUTES.history.query)
      const after = readCursor(cursor, z.int())
      await answerPage(call, cutPage(registry.history(oneOf({ name, ref }), { signal: call.signal }), {
        limit,
        isBefore: after === undefined ? undefined : ({ n }) => n <= after,
        encode: (entry) => entry,
        cursorAfter: ({ n }) => n
      }))
    },
    lineage: async (call) => {
      const { direction, maxHops, ...origin } = queryOf(call, ROUTES.lineage.query)
      const given = { ...(direction === undefined ? {} : { direction }), ...(maxHops === undefined ? {} : { maxHops }) }
      await answer(call, await registry.lineage(originOf(origin), { ...given, signal: call.signal }))
    },
    commit: async (call) => {
      const { name, commitId } = queryOf(call, ROUTES.commit.query)
      await answer(call, { n: (await registry.resolveCommit(name, commitId, { signal: call.signal }))?.n ?? null })
    }
  }
}

/** The query of a call by the schema of its route. */
function queryOf<T extends z.ZodType>(call: Call, schema: T): z.output<T> {
  return parse(schema, call.query, { what: `the query of ${call.route.method} ${call.route.path}` })
}

function answer({ outgoing, route }: Call, value: unknown): Promise<void> {
  sendJson(outgoing, route.status, value)
  return Promise.resolve()
}

async function answerPage({ outgoing, route }: Call, page: Promise<string>): Promise<void> {
  sendText(outgoing, route.status, await page, { 'content-type': 'application/json' })
}

function describeRegistry({ backend }: ServerContext, { caller }: Call): RegistryInfo {
  const { compareAndSet, atomicTransition, history, timeTravel, idempotentMutations, durable, garbageCollection } = backend.capabilities
  return {
    server: LIBRARY,
    capabilities: { compareAndSet, atomicTransition, history, timeTravel, idempotentMutations, durable, garbageCollection },
    policy: backend.policy,
    scopes: [...caller.scopes],
    limits: {
      chunkBytes: Math.min(DEFAULT_CHUNK_BYTES, MAX_CHUNK_BYTES),
      batchBlobs: MAX_BATCH_BLOBS,
      batchBlobBytes: MAX_BATCH_BLOB_BYTES,
      batchBytes: MAX_BATCH_BYTES
    }
  }
}

function oneOf({ name, ref }: { name?: string | undefined; ref?: string | undefined }): string {
  if (ref !== undefined && name === undefined) {
    // A bare name would ask for the whole model.
    return /[@#?]/.test(ref) ? ref : `${ref}@latest`
  }
  if (name !== undefined && ref === undefined && !/[@#?]/.test(name)) return name
  throw new StemmaError('INVALID_INPUT', 'history: wanted a name, or a ref, and not both', { hint: 'For instance /v1/history?name=credit-score' })
}

interface OriginQuery {
  ref?: string | undefined
  dataset?: string | undefined
  version?: string | undefined
  digest?: string | undefined
  commit?: string | undefined
  environment?: string | undefined
}

function originOf({ ref, dataset, version, digest, commit, environment }: OriginQuery): LineageOrigin {
  const given = [ref, dataset, commit, environment].filter((value) => value !== undefined)
  if (given.length === 1 && (dataset !== undefined || (version === undefined && digest === undefined))) {
    if (ref !== undefined) return ref
    if (commit !== undefined) return { commit }
    if (environment !== undefined) return { environment }
    if (dataset !== undefined) return { dataset, version, digest }
  }
  throw new StemmaError('INVALID_INPUT', 'lineage: wanted exactly one of ref, dataset, commit and environment; version and digest go with dataset', {
    hint: 'For instance /v1/lineage?ref=credit-score%40production'
  })
}
