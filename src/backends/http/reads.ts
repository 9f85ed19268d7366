import { compileAfter } from '../../record/compile-order.js'
import { formatFieldPath } from '../../record/field-path.js'
import { formatReference } from '../../record/format-reference.js'
import type { HistoryEntry } from '../../schemas/history.js'
import type { LineageGraph } from '../../schemas/lineage.js'
import type { ModelSummary, ModelVersion } from '../../schemas/model-version.js'
import type { Reference } from '../../schemas/reference.js'
import type { ParsedSearch } from '../../schemas/search.js'
import type { Patience } from '../../transport/endpoint.js'
import type { WireVersion } from '../../wire/messages.js'
import { ROUTES } from '../../wire/routes.js'
import type { LineageRequest } from '../backend.js'
import { filterToWhere } from './filter-to-where.js'
import type { HttpContext } from './http-context.js'
import { allPages } from './pages.js'

type ReadContext = Pick<HttpContext, 'transport' | 'versions'>

/** See `Backend.resolve`. */
export async function resolve({ transport, versions }: ReadContext, reference: Reference, signal: AbortSignal, patience?: Patience): Promise<ModelVersion> {
  const version = await transport.json(ROUTES.version, { query: { ref: formatReference(reference) }, signal, patience })
  return versions.complete(version, { signal })
}

/** See `Backend.models`. */
export function models({ transport }: ReadContext, signal: AbortSignal): AsyncIterable<ModelSummary> {
  return allPages((cursor) => transport.json(ROUTES.models, { query: { cursor }, signal }))
}

/** See `Backend.versions`. */
export function versionsOf(context: ReadContext, name: string, includeDeleted: boolean, signal: AbortSignal): AsyncIterable<ModelVersion> {
  const query = { name, includeDeleted: includeDeleted ? 'true' : undefined }
  return completed(context, allPages((cursor) => context.transport.json(ROUTES.versions, { query: { ...query, cursor }, signal })), signal)
}

/** See `Backend.search`. */
export function search(context: ReadContext, { filter, orderBy, limit, includeDeleted, after }: ParsedSearch, signal: AbortSignal): AsyncIterable<ModelVersion> {
  const body = {
    where: filterToWhere(filter),
    orderBy: orderBy.map(({ field, direction }) => ({ field: formatFieldPath(field), direction })),
    limit: after === undefined ? limit : undefined,
    includeDeleted
  }
  const found = completed(context, allPages((cursor) => context.transport.json(ROUTES.search, { body: { ...body, cursor }, signal })), signal)
  return after === undefined ? found : beginAfter(found, compileAfter(orderBy, after), limit)
}

/** A place in the order is no part of the protocol, whose cursors are opaque: what comes before it is passed over here. */
async function* beginAfter(versions: AsyncIterable<ModelVersion>, isAfter: (version: ModelVersion) => boolean, limit = Infinity): AsyncGenerator<ModelVersion> {
  let given = 0
  for await (const version of versions) {
    if (given >= limit) return
    if (!isAfter(version)) continue
    given += 1
    yield version
  }
}

/** See `Backend.history`. */
export function history({ transport }: ReadContext, target: { name: string; reference?: Reference | undefined }, signal: AbortSignal): AsyncIterable<HistoryEntry> {
  const query = target.reference ? { ref: formatReference(target.reference) } : { name: target.name }
  return allPages((cursor) => transport.json(ROUTES.history, { query: { ...query, cursor }, signal }))
}

/** See `Backend.lineage`. */
export async function lineage({ transport }: ReadContext, { origin, maxHops }: LineageRequest, signal: AbortSignal): Promise<LineageGraph> {
  return transport.json(ROUTES.lineage, { query: { ...originQuery(origin), maxHops }, signal })
}

function originQuery(origin: LineageRequest['origin']): Record<string, string | undefined> {
  switch (origin.kind) {
    case 'version':
      return { ref: formatReference(origin.reference), direction: origin.direction }
    case 'dataset':
      return { dataset: origin.name, version: origin.version, digest: origin.digest, uri: origin.uri }
    case 'code':
      return { commit: origin.commit, remote: origin.remote }
    case 'environment':
      return { environment: origin.digest }
  }
}

/** See `Backend.resolveCommit`. */
export async function resolveCommit({ transport }: ReadContext, name: string, commitId: string, signal: AbortSignal): Promise<{ n: number } | undefined> {
  const { n } = await transport.json(ROUTES.commit, { query: { name, commitId }, signal })
  return n === null ? undefined : { n }
}

async function* completed({ versions }: ReadContext, found: AsyncIterable<WireVersion>, signal: AbortSignal): AsyncGenerator<ModelVersion, void, undefined> {
  for await (const version of found) yield await versions.complete(version, { signal })
}
