import type { Derivation } from '../schemas/derivation.js'
import type { LineageEdge, LineageGraph, LineageNode } from '../schemas/lineage.js'
import type { VersionSummary } from '../schemas/model-version.js'
import { findOrigins, missingVersionNode, versionNode, versionNodeId } from './lineage-nodes.js'
import { walkHops } from './walk-hops.js'

/** How far a graph goes. */
export interface LineageOptions {
  /** `ancestors`: what it was made from; `descendants`: what was made from it. */
  direction: 'ancestors' | 'descendants' | 'both'
  /** How many steps from version to version; 0 shows the version with its own data sets, code and environment. */
  maxHops: number
}

/**
 * The lineage of a version. Versions are reached through `derivedFrom`, one hop a step; with every version reached come its
 * data sets, its code and its environment. An edge is drawn between any two versions reached. What a version names and the
 * registry lacks, or has with another digest, is a node with `missing`.
 *
 * @param versions All versions that may be in the graph, deleted ones too, in any order; `root` may be among them.
 */
export function buildLineage(root: VersionSummary, versions: Iterable<VersionSummary>, options: LineageOptions): LineageGraph {
  const index = indexLineage([...versions, root])
  const rootId = versionNodeId(root)
  const walked = [
    ...(options.direction === 'descendants' ? [] : [walkHops([rootId], options.maxHops, (id) => index.parents(id))]),
    ...(options.direction === 'ancestors' ? [] : [walkHops([rootId], options.maxHops, (id) => index.children(id))])
  ]
  const reached = new Set(walked.flatMap(({ reached: ids }) => [...ids]))
  const truncated = walked.some(({ beyond }) => beyond.some((id) => !reached.has(id)))
  return { root: rootId, ...drawVersions(index, reached), truncated }
}

/** Versions by the ids of their nodes, and the steps between them. */
export interface LineageIndex {
  version(id: string): VersionSummary | undefined
  /** Ids of the versions that one was derived from, missing ones among them. */
  parents(id: string): string[]
  /** Ids of the versions that were derived from one. */
  children(id: string): readonly string[]
  /** The id of the version that a derivation names. */
  originId(derivation: Derivation): string
}

/** Indexes versions once, so that every step of a walk is a look-up. Of two with the same name and version the last counts. */
export function indexLineage(versions: Iterable<VersionSummary>): LineageIndex {
  const byId = new Map<string, VersionSummary>()
  for (const version of versions) byId.set(versionNodeId(version), version)
  const originId = (derivation: Derivation): string => {
    const id = versionNodeId(derivation)
    const found = byId.get(id)
    return found && found.digest !== derivation.digest ? `${id}@${derivation.digest}` : id
  }
  let childrenById: Map<string, string[]> | undefined
  return {
    version: (id) => byId.get(id),
    parents: (id) => byId.get(id)?.derivedFrom.map(originId) ?? [],
    children(id) {
      childrenById ??= indexChildren(byId, originId)
      return childrenById.get(id) ?? []
    },
    originId
  }
}

/** The nodes and edges of the versions reached: with what they were made from, and between each other. Sorted. */
export function drawVersions(index: LineageIndex, reached: ReadonlySet<string>): { nodes: LineageNode[]; edges: LineageEdge[] } {
  const nodes = new Map<string, LineageNode>()
  const edges = new Map<string, LineageEdge>()
  for (const id of reached) {
    const version = index.version(id)
    if (!version) continue
    nodes.set(id, versionNode(version))
    for (const derivation of version.derivedFrom) {
      const from = index.originId(derivation)
      if (!reached.has(from)) continue
      if (!index.version(from)) nodes.set(from, missingVersionNode(from, derivation))
      addEdge(edges, { from, to: id, relation: derivation.relation })
    }
    for (const { node, edge } of findOrigins(version)) {
      nodes.set(node.id, node)
      addEdge(edges, edge)
    }
  }
  return { nodes: sortByKey([...nodes]), edges: sortByKey([...edges]) }
}

function indexChildren(
  byId: ReadonlyMap<string, VersionSummary>,
  originId: (derivation: Derivation) => string
): Map<string, string[]> {
  const children = new Map<string, string[]>()
  for (const [id, version] of byId) {
    for (const derivation of version.derivedFrom) {
      const from = originId(derivation)
      const known = children.get(from)
      if (known) known.push(id)
      else children.set(from, [id])
    }
  }
  return children
}

function addEdge(edges: Map<string, LineageEdge>, edge: LineageEdge): void {
  edges.set(JSON.stringify([edge.from, edge.to, edge.relation, edge.role ?? '']), edge)
}

function sortByKey<T>(entries: [string, T][]): T[] {
  return entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, value]) => value)
}
