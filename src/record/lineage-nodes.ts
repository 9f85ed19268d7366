import type { Dataset } from '../schemas/dataset.js'
import type { Derivation } from '../schemas/derivation.js'
import type { LineageEdge, LineageNode } from '../schemas/lineage.js'
import type { VersionSummary } from '../schemas/model-version.js'

/** A node and how the version at hand came from it; `to` is that version. */
export interface Origin {
  node: LineageNode
  edge: LineageEdge
}

/** `version:<name>@<version>`. */
export function versionNodeId(version: { name: string; version: string }): string {
  return `version:${version.name}@${version.version}`
}

/** The node of a version that is in the registry. */
export function versionNode(version: VersionSummary): LineageNode {
  const { name, stage, digest } = version
  const node: LineageNode = {
    id: versionNodeId(version),
    kind: 'version',
    label: `${name}@${version.version}`,
    name,
    version: version.version,
    digest,
    stage
  }
  if (version.deleted) node.deleted = true
  return node
}

/** The node of a version that is named by another one, but is not in the registry, or is there with other bytes. */
export function missingVersionNode(id: string, { name, version, digest }: Derivation): LineageNode {
  return { id, kind: 'version', label: `${name}@${version}`, name, version, digest, missing: true }
}

/** The data sets, code and environment that a version was made from. */
export function findOrigins(version: VersionSummary): Origin[] {
  const to = versionNodeId(version)
  const origins: Origin[] = version.datasets.map((dataset) => {
    const edge: LineageEdge = { from: datasetNodeId(dataset), to, relation: 'trained-on' }
    if (dataset.role !== undefined) edge.role = dataset.role
    return { node: datasetNode(dataset), edge }
  })
  const code = codeNode(version)
  if (code) origins.push({ node: code, edge: { from: code.id, to, relation: 'built-from' } })
  const environment = environmentNode(version)
  if (environment) origins.push({ node: environment, edge: { from: environment.id, to, relation: 'ran-in' } })
  return origins
}

/**
 * `dataset:<name>@<version, else digest, else uri, else nothing>`. An `@` in the name is written `%40` and a `%` as `%25`, so
 * that two data sets never share an id.
 */
export function datasetNodeId({ name, version, digest, uri }: Dataset): string {
  return `dataset:${name.replaceAll('%', '%25').replaceAll('@', '%40')}@${version ?? digest ?? uri ?? ''}`
}

/** The node of a data set. */
export function datasetNode(dataset: Dataset): LineageNode {
  const { name, version, digest, uri } = dataset
  const which = version ?? digest ?? uri
  const node: LineageNode = { id: datasetNodeId(dataset), kind: 'dataset', label: which === undefined ? name : `${name}@${which}`, name }
  if (version !== undefined) node.version = version
  // Two versions may name different bytes by the same data set version; then the node has none of the two digests to show.
  if (version === undefined && digest !== undefined) node.digest = digest
  return node
}

/** `code:<remote>@<commit>`; for a dirty tree with `+<digest of the difference>`, so that two of them are two nodes. */
function codeNode({ code }: VersionSummary): LineageNode | undefined {
  if (code.state !== 'captured') return undefined
  const { remote = '', commit, dirty, diffDigest } = code
  if (commit === undefined && diffDigest === undefined) return undefined
  const change = diffDigest ?? (dirty === true ? 'dirty' : undefined)
  const label = `${codePlace(remote)}@${(commit ?? 'no commit').slice(0, 12)}${change === undefined ? '' : ' with uncommitted changes'}`
  return { id: `code:${remote}@${commit ?? ''}${change === undefined ? '' : `+${change}`}`, kind: 'code', label }
}

/** What stands before the commit in a label; the digest of a remote that is no address would read as the digest of the code. */
export function codePlace(remote: string): string {
  return remote === '' || /^sha256:[0-9a-f]+$/.test(remote) ? 'code' : remote
}

function environmentNode({ environment }: VersionSummary): LineageNode | undefined {
  if (environment.state !== 'captured') return undefined
  const { runtime, os, digest } = environment
  return { id: `environment:${digest}`, kind: 'environment', label: `${runtime.name} ${runtime.version}, ${os.platform} ${os.arch}`, digest }
}
