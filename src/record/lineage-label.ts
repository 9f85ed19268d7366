import type { LineageEdge, LineageNode } from '../schemas/lineage.js'

const MAX_LABEL_LENGTH = 120

/** What a drawing writes on a node: its label, and its stage, that it was deleted or that it is missing. */
export function nodeLabel(node: LineageNode): string {
  const notes = [
    ...(node.stage !== undefined && node.stage !== 'none' ? [node.stage] : []),
    ...(node.deleted === true ? ['deleted'] : []),
    ...(node.missing === true ? ['not in this registry'] : [])
  ]
  return plainLabel(notes.length === 0 ? node.label : `${node.label} (${notes.join(', ')})`)
}

/** What a drawing writes on an edge: the relation, and the role of a data set. */
export function edgeLabel(edge: LineageEdge): string {
  return plainLabel(edge.role === undefined ? edge.relation : `${edge.relation} (${edge.role})`)
}

/**
 * One line of text that cannot steer a terminal or turn the reading direction of what is around it. Names come from outside:
 * control characters and line breaks become spaces, characters that are not seen and broken ones become U+FFFD.
 */
export function plainLabel(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').replace(/[\p{Cf}\p{Cs}]/gu, '\uFFFD').trim()
  // Mermaid takes no empty label.
  if (plain === '') return '(no name)'
  const characters = Array.from(plain)
  return characters.length > MAX_LABEL_LENGTH ? `${characters.slice(0, MAX_LABEL_LENGTH - 1).join('')}…` : plain
}
