import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toText } from '../../src/record/draw-lineage-text.js'
import { toDot, toMermaid } from '../../src/record/draw-lineage.js'
import type { LineageGraph, LineageNode } from '../../src/schemas/lineage.js'

const version = (name: string, extra: Partial<LineageNode> = {}): LineageNode => ({ id: `version:${name}`, kind: 'version', label: name, ...extra })

const graph: LineageGraph = {
  root: 'version:m@2',
  nodes: [
    { id: 'code:x@1', kind: 'code', label: 'https://example.com/risk@1' },
    { id: 'dataset:loans@1', kind: 'dataset', label: 'loans@1' },
    { id: 'environment:e', kind: 'environment', label: 'node 20, linux x64' },
    version('m@1', { stage: 'archived', deleted: true }),
    version('m@2', { stage: 'production' }),
    version('q@1', { stage: 'none' }),
    version('z@1', { missing: true })
  ],
  edges: [
    { from: 'code:x@1', to: 'version:m@1', relation: 'built-from' },
    { from: 'code:x@1', to: 'version:m@2', relation: 'built-from' },
    { from: 'dataset:loans@1', to: 'version:m@2', relation: 'trained-on', role: 'training' },
    { from: 'environment:e', to: 'version:m@2', relation: 'ran-in' },
    { from: 'version:m@1', to: 'version:m@2', relation: 'fine-tuned' },
    { from: 'version:m@2', to: 'version:q@1', relation: 'quantized' },
    { from: 'version:z@1', to: 'version:m@1', relation: 'adapter' }
  ],
  truncated: true
}

function hostile(label: string): LineageGraph {
  return {
    root: 'a',
    nodes: [
      { id: 'a', kind: 'version', label },
      { id: 'b', kind: 'dataset', label }
    ],
    edges: [{ from: 'b', to: 'a', relation: 'trained-on', role: label }],
    truncated: false
  }
}

const HOSTILE = fc.oneof(
  fc.constantFrom('', ' ', '"]', '\\', '\\"', '</script>', '&quot;', '#quot;', '--> x', '`', 'end', 'style x:#a;', '\n', '\u001b[31m', '\u202e', '%%{init}%%', '\\N'),
  fc.string({ unit: 'binary' })
)

describe('toMermaid', () => {
  it('draws shapes, relations, roots and what is gone', () => {
    expect(toMermaid(graph)).toBe(
      [
        'flowchart LR',
        '  n0(["https#58;//example#46;com/risk#64;1"])',
        '  n1[("loans#64;1")]',
        '  n2{{"node 20, linux x64"}}',
        '  n3["m#64;1 (archived, deleted)"]',
        '  n4["m#64;2 (production)"]',
        '  n5["q#64;1"]',
        '  n6["z#64;1 (not in this registry)"]',
        '  n0 -->|"built-from"| n3',
        '  n0 -->|"built-from"| n4',
        '  n1 -->|"trained-on (training)"| n4',
        '  n2 -->|"ran-in"| n4',
        '  n3 -->|"fine-tuned"| n4',
        '  n4 -->|"quantized"| n5',
        '  n6 -->|"adapter"| n3',
        '  classDef root stroke-width:3px',
        '  class n4 root',
        '  classDef gone stroke-dasharray:4',
        '  class n3,n6 gone',
        ''
      ].join('\n')
    )
  })

  it('keeps any name inside its label', () => {
    const safe = '[\\p{L}\\p{M}\\p{N} ._/(),…\\uFFFD-]|#\\d+;'
    const shape = new RegExp(
      `^flowchart LR\\n  n0\\["(?:${safe})+"\\]\\n  n1\\[\\("(?:${safe})+"\\)\\]\\n  n1 -->\\|"(?:${safe})*"\\| n0\\n  classDef root stroke-width:3px\\n  class n0 root\\n$`,
      'u'
    )
    fc.assert(fc.property(HOSTILE, (label) => shape.test(toMermaid(hostile(label)))), { numRuns: 500 })
  })
})

describe('toDot', () => {
  it('draws shapes, relations, roots and what is gone', () => {
    const dot = toDot(graph)
    expect(dot).toContain('  n1 [label="loans@1" shape=cylinder]\n')
    expect(dot).toContain('  n3 [label="m@1 (archived, deleted)" shape=box style=dashed]\n')
    expect(dot).toContain('  n4 [label="m@2 (production)" shape=box penwidth=3]\n')
    expect(dot).toContain('  n1 -> n4 [label="trained-on (training)"]\n')
    expect(dot.startsWith('digraph lineage {\n')).toBe(true)
    expect(dot.endsWith('\n}\n')).toBe(true)
  })

  it('keeps any name inside its label', () => {
    const inside = '(?:[^"\\\\\\n&]|&amp;|\\\\["\\\\])*'
    const shape = new RegExp(`\\n  n0 \\[label="${inside}" shape=box penwidth=3\\]\\n  n1 \\[label="${inside}" shape=cylinder\\]\\n  n1 -> n0 \\[label="${inside}"\\]\\n\\}\\n$`, 'u')
    fc.assert(fc.property(HOSTILE, (label) => shape.test(toDot(hostile(label)))), { numRuns: 500 })
  })
})

describe('toText', () => {
  it('prints the names that may be meant by a data set that nothing used', () => {
    const node: LineageNode = { id: 'dataset:loans@', kind: 'dataset', label: 'loans', missing: true, similar: ['data/loans.csv', 'lo\nans'] }
    expect(toText({ root: node.id, nodes: [node], edges: [], truncated: false })).toBe(
      'loans (not in this registry)\n└─ similar names in this registry\n   ├─ data/loans.csv\n   └─ lo ans\n'
    )
  })

  it('draws a tree of origins and products', () => {
    expect(toText(graph)).toBe(
      [
        'm@2 (production)',
        '├─ made from',
        '│  ├─ built-from: https://example.com/risk@1',
        '│  ├─ fine-tuned: m@1 (archived, deleted)',
        '│  │  ├─ adapter: z@1 (not in this registry)',
        '│  │  └─ built-from: https://example.com/risk@1',
        '│  ├─ ran-in: node 20, linux x64',
        '│  └─ trained-on (training): loans@1',
        '└─ led to',
        '   └─ quantized: q@1',
        '… and more, beyond the hops asked for',
        ''
      ].join('\n')
    )
  })

  it('unfolds each version once, and ends with cycles and with very deep graphs', () => {
    const diamond = (size: number): LineageGraph => ({
      root: 'version:0',
      nodes: Array.from({ length: size }, (_, index) => version(String(index))),
      edges: Array.from({ length: size - 1 }, (_, index) => ['fine-tuned', 'merged'].map((relation) => ({
        from: `version:${index}`, to: `version:${index + 1}`, relation: relation as 'merged'
      }))).flat(),
      truncated: false
    })
    expect(toText(diamond(40)).split('\n').length).toBeLessThan(90)
    expect(toText(diamond(5_000)).split('\n').length).toBeLessThan(200)
    const cycle: LineageGraph = { ...diamond(2), edges: [{ from: 'version:0', to: 'version:0', relation: 'merged' }] }
    expect(toText(cycle)).toContain('merged: 0 (see above)')
  })

  it('lets no name steer the terminal', () => {
    fc.assert(
      fc.property(HOSTILE, (label) => {
        const text = toText(hostile(label))
        expect(text.split('\n').length).toBe(4)
        expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
      })
    )
  })
})
