import type { LineageGraph, LineageNode } from '../schemas/lineage.js'
import type { VersionSummary } from '../schemas/model-version.js'
import { drawVersions, indexLineage } from './lineage-graph.js'
import { nearestNames, nearPaths } from '../util/nearest-names.js'
import { codePlace, datasetNode, findOrigins, versionNodeId } from './lineage-nodes.js'
import { walkHops } from './walk-hops.js'

/** A data set, code or environment whose products are asked for. What is left out may be anything. */
export type LineageOrigin =
  | { kind: 'dataset'; name: string; version?: string | undefined; digest?: string | undefined; uri?: string | undefined }
  /** `commit`: the full hash, or its first 7 digits or more. Trees with uncommitted changes on top of it count as it. */
  | { kind: 'code'; commit: string; remote?: string | undefined }
  | { kind: 'environment'; digest: string }

const MIN_COMMIT_LENGTH = 7
const MAX_SIMILAR = 5

/**
 * What was made from a data set, a commit or an environment: the versions that used it, and those derived from them, to
 * `maxHops` steps from version to version. With every version come its other data sets, its code and its environment.
 * It answers which models have to go when the data of a patient is withdrawn.
 *
 * `roots` of the graph are the nodes asked about: several when, say, a data set is given without its version; `root` is the
 * first of them. When nothing was made from it, the graph is one node with `missing`, and for a data set with `similar` names if there are any.
 *
 * @param versions All versions that may be in the graph, deleted ones too, in any order.
 * @example
 * ```ts
 * buildLineageFrom({ kind: 'dataset', name: 'patients', version: '3' }, versions, { maxHops: 10 })
 * ```
 */
export function buildLineageFrom(
  origin: LineageOrigin,
  versions: Iterable<VersionSummary>,
  options: { maxHops: number }
): LineageGraph & { roots: string[] } {
  const all = [...versions]
  const index = indexLineage(all)
  const roots = new Set<string>()
  const users = new Set<string>()
  for (const version of all) {
    for (const root of findUsed(origin, version)) {
      roots.add(root)
      users.add(versionNodeId(version))
    }
  }
  const asked = [...roots].sort()
  const first = asked[0]
  if (first === undefined) {
    const node = missingNode(origin, all)
    return { root: node.id, roots: [node.id], nodes: [node], edges: [], truncated: false }
  }
  const { reached, beyond } = walkHops(users, options.maxHops, (id) => index.children(id))
  return { root: first, roots: asked, ...drawVersions(index, reached), truncated: beyond.length > 0 }
}

/** The ids of the nodes that a version was made from and that are asked about. */
function findUsed(origin: LineageOrigin, version: VersionSummary): string[] {
  if (origin.kind === 'dataset') {
    const used = version.datasets.filter((dataset) => dataset.name === origin.name && agree(origin, dataset))
    return used.map((dataset) => datasetNode(dataset).id)
  }
  if (!usesMachinery(origin, version)) return []
  return findOrigins(version)
    .filter(({ node }) => node.kind === origin.kind)
    .map(({ node }) => node.id)
}

type DatasetKeys = Pick<Extract<LineageOrigin, { kind: 'dataset' }>, 'version' | 'digest' | 'uri'>

function agree(asked: DatasetKeys, found: DatasetKeys): boolean {
  return (['version', 'digest', 'uri'] as const).every((key) => asked[key] === undefined || asked[key] === found[key])
}

function usesMachinery(origin: Exclude<LineageOrigin, { kind: 'dataset' }>, { code, environment }: VersionSummary): boolean {
  if (origin.kind === 'environment') return environment.state === 'captured' && environment.digest === origin.digest
  if (code.state !== 'captured' || code.commit === undefined) return false
  if (origin.remote !== undefined && origin.remote !== code.remote) return false
  return origin.commit.length >= MIN_COMMIT_LENGTH ? code.commit.startsWith(origin.commit.toLowerCase()) : code.commit === origin.commit
}

function missingNode(origin: LineageOrigin, versions: readonly VersionSummary[]): LineageNode {
  if (origin.kind === 'dataset') {
    const similar = similarDatasets(origin, versions)
    return { ...datasetNode(origin), missing: true, ...(similar.length > 0 && { similar }) }
  }
  if (origin.kind === 'code') {
    const remote = origin.remote ?? ''
    return { id: `code:${remote}@${origin.commit}`, kind: 'code', label: `${codePlace(remote)}@${origin.commit}`, missing: true }
  }
  return { id: `environment:${origin.digest}`, kind: 'environment', label: origin.digest, digest: origin.digest, missing: true }
}

/** What may be meant by a data set that nothing used: the same name with another version, else names that are nearly the same. */
function similarDatasets(asked: Extract<LineageOrigin, { kind: 'dataset' }>, versions: readonly VersionSummary[]): string[] {
  const used = versions.flatMap(({ datasets }) => datasets)
  const others = new Set(used.filter(({ name }) => name === asked.name).map((dataset) => datasetNode(dataset).label))
  if (others.size > 0) return nearestNames(datasetNode(asked).label, others).slice(0, MAX_SIMILAR)
  return nearPaths(asked.name, [...new Set(used.map(({ name }) => name))], MAX_SIMILAR)
}
