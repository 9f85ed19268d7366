import type { LineageGraph, LineageNode } from '../schemas/lineage.js'
import { edgeLabel, nodeLabel } from './lineage-label.js'

const MERMAID_SHAPES: Record<LineageNode['kind'], readonly [string, string]> = {
  version: ['["', '"]'],
  dataset: ['[("', '")]'],
  code: ['(["', '"])'],
  environment: ['{{"', '"}}']
}
const DOT_SHAPES: Record<LineageNode['kind'], string> = { version: 'box', dataset: 'cylinder', code: 'note', environment: 'hexagon' }

/**
 * A lineage graph as a Mermaid flowchart, which GitHub, GitLab and many wikis draw. The same graph gives the same text.
 * Mermaid itself refuses more than 500 edges or 50,000 characters unless it is set otherwise; take {@link toDot} for more.
 */
export function toMermaid(graph: LineageGraph): string {
  const numbers = numberNodes(graph)
  const lines = ['flowchart LR']
  for (const node of graph.nodes) {
    const [open, close] = MERMAID_SHAPES[node.kind]
    lines.push(`  ${numbers.get(node.id) ?? ''}${open}${escapeMermaid(nodeLabel(node))}${close}`)
  }
  for (const edge of drawableEdges(graph, numbers)) lines.push(`  ${edge.from} -->|"${escapeMermaid(edge.label)}"| ${edge.to}`)
  const roots = rootNumbers(graph, numbers)
  if (roots.length > 0) lines.push('  classDef root stroke-width:3px', `  class ${roots.join(',')} root`)
  const faint = graph.nodes.filter(isFaint).map((node) => numbers.get(node.id))
  if (faint.length > 0) lines.push('  classDef gone stroke-dasharray:4', `  class ${faint.join(',')} gone`)
  return `${lines.join('\n')}\n`
}

/** A lineage graph in the DOT language of Graphviz: `dot -Tsvg`. The same graph gives the same text. */
export function toDot(graph: LineageGraph): string {
  const numbers = numberNodes(graph)
  const roots = new Set(rootNumbers(graph, numbers))
  const lines = ['digraph lineage {', '  rankdir=LR', '  node [fontname="sans-serif"]', '  edge [fontname="sans-serif"]']
  for (const node of graph.nodes) {
    const number = numbers.get(node.id) ?? ''
    const style = `${isFaint(node) ? ' style=dashed' : ''}${roots.has(number) ? ' penwidth=3' : ''}`
    lines.push(`  ${number} [label="${escapeDot(nodeLabel(node))}" shape=${DOT_SHAPES[node.kind]}${style}]`)
  }
  for (const edge of drawableEdges(graph, numbers)) lines.push(`  ${edge.from} -> ${edge.to} [label="${escapeDot(edge.label)}"]`)
  return `${lines.join('\n')}\n}\n`
}

/** Ids hold names from outside, so drawings name nodes by number: `n0`, `n1` …, in the order of the graph. */
function numberNodes(graph: LineageGraph): Map<string, string> {
  return new Map(graph.nodes.map((node, index) => [node.id, `n${index}`]))
}

function drawableEdges(graph: LineageGraph, numbers: ReadonlyMap<string, string>): { from: string; to: string; label: string }[] {
  return graph.edges.flatMap((edge) => {
    const from = numbers.get(edge.from)
    const to = numbers.get(edge.to)
    return from === undefined || to === undefined ? [] : [{ from, to, label: edgeLabel(edge) }]
  })
}

function rootNumbers(graph: LineageGraph, numbers: ReadonlyMap<string, string>): string[] {
  return (graph.roots ?? [graph.root]).flatMap((id) => numbers.get(id) ?? [])
}

function isFaint(node: LineageNode): boolean {
  return node.deleted === true || node.missing === true
}

/** Signs that no version of Mermaid takes for anything but themselves where they stand: `v1.0`, `a_b`, `a-b`, `(x)`. */
const MERMAID_PLAIN = /((?<=[\p{L}\p{N}])[_-](?=[\p{L}\p{N}])|\.(?=\p{N})|\)(?! ))|[^\p{L}\p{M}\p{N} ,/(…\uFFFD]/gu

/**
 * Other signs as character codes, `#34;`, which Mermaid turns back. Not only quotes: it reads some labels as Markdown, takes
 * `name@1.0` for a mail address that it then refuses, and cuts the last `;` of what looks like `style x:#…;`.
 */
function escapeMermaid(label: string): string {
  return label.replace(MERMAID_PLAIN, (sign, plain: string | undefined) => plain ?? `#${sign.codePointAt(0) ?? 0xfffd};`)
}

/** Inside double quotes; Graphviz also reads HTML entities there. */
function escapeDot(label: string): string {
  return label.replaceAll('&', '&amp;').replaceAll('\\', '\\\\').replaceAll('"', '\\"')
}
