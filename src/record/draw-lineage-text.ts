import type { LineageEdge, LineageGraph, LineageNode } from '../schemas/lineage.js'
import { edgeLabel, nodeLabel, plainLabel } from './lineage-label.js'

const MAX_DEPTH = 64

/**
 * A lineage graph as a tree for terminals: below what was asked about, `made from` with all its origins, and `led to` with
 * the versions made from it; what else those were made from is left to the drawings. What stands in the tree already is not
 * unfolded again. Below a data set that nothing was made from stand the names that may be meant.
 *
 * @example
 * ```text
 * credit-score@1.1.0 (production)
 * ├─ made from
 * │  ├─ built-from: https://example.com/risk@4f2a9c1d88e0
 * │  ├─ fine-tuned: credit-score@1.0.0 (archived)
 * │  │  └─ trained-on (training): loans@2025
 * │  └─ trained-on (training): loans@2026
 * └─ led to
 *    └─ quantized: credit-score-int8@1.0.0
 * ```
 */
export function toText(graph: LineageGraph): string {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]))
  const madeFrom = groupEdges(graph.edges, 'to', 'from')
  const ledTo = groupEdges(graph.edges, 'from', 'to')
  const trees = (graph.roots ?? [graph.root]).map((id): Tree => {
    const origins = grow(id, madeFrom, nodes)
    const products = grow(id, ledTo, nodes)
    const similar = (nodes.get(id)?.similar ?? []).map((name) => ({ text: plainLabel(name), below: [] }))
    return {
      text: textOf(nodes.get(id), id),
      below: [
        ...(origins.length > 0 ? [{ text: 'made from', below: origins }] : []),
        ...(products.length > 0 ? [{ text: 'led to', below: products }] : []),
        ...(similar.length > 0 ? [{ text: 'similar names in this registry', below: similar }] : [])
      ]
    }
  })
  const note = graph.truncated ? ['… and more, beyond the hops asked for'] : []
  return `${[...trees.flatMap((tree) => drawTree(tree)), ...note].join('\n')}\n`
}

interface Tree {
  text: string
  below: Tree[]
}

interface Step {
  label: string
  id: string
}

function groupEdges(edges: readonly LineageEdge[], by: 'from' | 'to', other: 'from' | 'to'): Map<string, Step[]> {
  const groups = new Map<string, Step[]>()
  for (const edge of edges) {
    const step = { label: edgeLabel(edge), id: edge[other] }
    const group = groups.get(edge[by])
    if (group) group.push(step)
    else groups.set(edge[by], [step])
  }
  for (const group of groups.values()) group.sort((a, b) => compareText(a.label, b.label) || compareText(a.id, b.id))
  return groups
}

/** Unfolds each node once, so that a graph in which many ways lead to one node stays as large as it is. */
function grow(rootId: string, steps: ReadonlyMap<string, readonly Step[]>, nodes: ReadonlyMap<string, LineageNode>): Tree[] {
  const unfolded = new Set<string>()
  const growFrom = (id: string, depth: number): Tree[] => {
    unfolded.add(id)
    return (steps.get(id) ?? []).map((step) => {
      const text = `${step.label}: ${textOf(nodes.get(step.id), step.id)}`
      if (!steps.has(step.id)) return { text, below: [] }
      if (unfolded.has(step.id)) return { text: `${text} (see above)`, below: [] }
      return depth === MAX_DEPTH ? { text: `${text} …`, below: [] } : { text, below: growFrom(step.id, depth + 1) }
    })
  }
  return growFrom(rootId, 1)
}

function drawTree(tree: Tree, first = '', rest = ''): string[] {
  const below = tree.below.flatMap((branch, index) =>
    index === tree.below.length - 1 ? drawTree(branch, `${rest}└─ `, `${rest}   `) : drawTree(branch, `${rest}├─ `, `${rest}│  `)
  )
  return [`${first}${tree.text}`, ...below]
}

function textOf(node: LineageNode | undefined, id: string): string {
  return nodeLabel(node ?? { id, kind: 'version', label: id })
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
