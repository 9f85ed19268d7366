import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', 'src')

/**
 * The layers and what each may import, as in docs/architecture.md; a test below holds the two together.
 * Siblings (capture, artifacts, the backends) do not know each other.
 */
const LAYERS: Record<string, readonly string[]> = {
  errors: [],
  util: ['errors'],
  schemas: ['errors', 'util'],
  record: ['errors', 'util', 'schemas'],
  io: ['errors', 'util', 'schemas'],
  capture: ['errors', 'util', 'schemas', 'record', 'io'],
  artifacts: ['errors', 'util', 'schemas', 'record', 'io'],
  backends: ['errors', 'util', 'schemas', 'record', 'io'],
  'backends/journal': ['errors', 'util', 'schemas', 'record', 'io', 'backends'],
  'backends/memory': ['errors', 'util', 'schemas', 'record', 'io', 'backends', 'backends/journal'],
  'backends/local': ['errors', 'util', 'schemas', 'record', 'io', 'backends', 'backends/journal'],
  wire: ['errors', 'util', 'schemas'],
  transport: ['errors', 'util', 'schemas'],
  'backends/http': ['errors', 'util', 'schemas', 'record', 'io', 'backends', 'transport', 'wire'],
  'backends/mlflow': ['errors', 'util', 'schemas', 'record', 'io', 'backends', 'backends/journal', 'transport'],
  registry: ['errors', 'util', 'schemas', 'record', 'io', 'capture', 'artifacts', 'backends', 'backends/memory', 'backends/local', 'backends/http', 'backends/mlflow'],
  server: ['errors', 'util', 'schemas', 'record', 'io', 'artifacts', 'backends', 'wire', 'registry'],
  testing: ['errors', 'util', 'schemas', 'record', 'io', 'backends', 'backends/memory', 'registry', 'server'],
  cli: ['errors', 'util', 'schemas', 'record', 'io', 'capture', 'artifacts', 'wire', 'registry', 'server']
}

/** The files that package.json exports may gather from anywhere. */
const BARRELS = new Set(['index.ts', 'schemas/index.ts', 'backends/index.ts', 'server/index.ts', 'testing/index.ts'])

/** Packages and built-ins that only some files may use. */
const RESERVED: readonly { module: RegExp; allowed: (file: string) => boolean }[] = [
  { module: /^(axios|p-retry|form-data)$/, allowed: (file) => file.startsWith('transport/') },
  { module: /^(hono|@fastify\/busboy|prom-client)/, allowed: (file) => file.startsWith('server/') },
  { module: /^(commander|cli-table3|cli-progress|@bomb\.sh\/)/, allowed: (file) => file.startsWith('cli/') },
  { module: /^(node:)?child_process$/, allowed: (file) => file === 'io/run-command.ts' },
  { module: /^(node:)?worker_threads$/, allowed: (file) => file.startsWith('io/') }
]

/** Time and chance come from util/sources.ts alone. */
const AMBIENT = [
  /\bDate\.now\b/,
  /\bnew Date\(\s*\)/,
  /\bperformance\.now\b/,
  /\bMath\.random\b/,
  /(?<![.\w])random(UUID|Bytes|FillSync|Int)\s*\(/,
  /\bcrypto\.(random|getRandom)/,
  // A connection has a timer of its own.
  /(?<!\b(?:outgoing|socket)\.)\bset(Timeout|Interval)\b/
]

interface SourceFile {
  path: string
  layer: string
  lines: number
  text: string
  imports: { specifier: string; typeOnly: boolean }[]
}

const files = readSources()

describe('architecture', () => {
  it('has files in every layer that it names', () => {
    const present = new Set(files.map((file) => file.layer))
    expect(Object.keys(LAYERS).filter((layer) => !present.has(layer))).toEqual([])
  })

  it('imports run downward only', () => {
    const wrong = files.flatMap((file) => {
      if (BARRELS.has(file.path)) return []
      const allowed = LAYERS[file.layer]
      return internalImports(file).flatMap((target) => {
        const layer = layerOf(target)
        return allowed === undefined || (layer !== file.layer && !allowed.includes(layer)) ? [`${file.path} → ${target}`] : []
      })
    })
    expect(wrong).toEqual([])
  })

  it('has no import cycles', () => {
    const graph = new Map(files.map((file) => [file.path, internalImports(file, { values: true })]))
    expect(findCycle(graph)).toBeUndefined()
  })

  it('has no file over 300 lines', () => {
    expect(files.filter((file) => file.lines > 300).map((file) => `${file.path}: ${file.lines}`)).toEqual([])
  })

  it('keeps reserved modules where they belong', () => {
    const wrong = files.flatMap((file) =>
      file.imports.flatMap(({ specifier }) =>
        RESERVED.some((rule) => rule.module.test(specifier) && !rule.allowed(file.path)) ? [`${file.path} → ${specifier}`] : []
      )
    )
    expect(wrong).toEqual([])
  })

  it('takes time and chance from injected sources', () => {
    const wrong = files.flatMap((file) => {
      if (file.path === 'util/sources.ts') return []
      const code = withoutComments(file.text)
      return AMBIENT.filter((pattern) => pattern.test(code)).map((pattern) => `${file.path}: ${pattern.source}`)
    })
    expect(wrong).toEqual([])
  })

  it('does not ask instanceof for what another realm may have made, as Jest does for each test file', () => {
    const pattern = /\binstanceof (Error|Date|Map|Set|Array|Uint8Array|Object|StemmaError)\b/
    expect(files.filter((file) => pattern.test(withoutComments(file.text))).map((file) => file.path)).toEqual([])
  })

  it('imports no barrel from inside', () => {
    const wrong = files.flatMap((file) => internalImports(file).flatMap((target) => (BARRELS.has(target) ? [`${file.path} → ${target}`] : [])))
    expect(wrong).toEqual([])
  })

  it('can fail: the checks see a seeded fault', () => {
    expect(findCycle(new Map([['a', ['b']], ['b', ['a']]]))).toEqual(['a', 'b', 'a'])
    expect(AMBIENT.some((pattern) => pattern.test(withoutComments('const t = Date.now() // now')))).toBe(true)
    expect(withoutComments('/* Date.now */ x // Math.random')).not.toMatch(/Date|Math/)
  })
})

function readSources(): SourceFile[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => {
      const absolute = join(entry.parentPath, entry.name)
      const path = relative(root, absolute).split(sep).join('/')
      const text = readFileSync(absolute, 'utf8')
      return { path, layer: layerOf(path), lines: text.split('\n').length - 1, text, imports: importsOf(path, text) }
    })
}

/** Imports and re-exports of a file, dynamic ones among them. */
function importsOf(path: string, text: string): SourceFile['imports'] {
  const found: SourceFile['imports'] = []
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
      const typeOnly = ts.isImportDeclaration(node) ? node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword : node.isTypeOnly
      found.push({ specifier: node.moduleSpecifier.text, typeOnly })
    }
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments
      if (argument && ts.isStringLiteral(argument)) found.push({ specifier: argument.text, typeOnly: false })
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest))
  return found
}

function internalImports(file: SourceFile, only: { values?: boolean } = {}): string[] {
  return file.imports
    .filter(({ specifier, typeOnly }) => specifier.startsWith('.') && !(only.values === true && typeOnly))
    .map(({ specifier }) => join(dirname(file.path), specifier).split(sep).join('/').replace(/\.js$/, '.ts'))
}

function layerOf(path: string): string {
  const [first = '', second = '', third] = path.split('/')
  return first === 'backends' && third !== undefined ? `${first}/${second}` : first
}

function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>()
  const walk = (node: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(node)) return [...trail.slice(trail.indexOf(node)), node]
    if (done.has(node)) return undefined
    for (const next of graph.get(node) ?? []) {
      const cycle = walk(next, [...trail, node])
      if (cycle) return cycle
    }
    done.add(node)
    return undefined
  }
  for (const node of graph.keys()) {
    const cycle = walk(node, [])
    if (cycle) return cycle
  }
  return undefined
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:])\/\/.*$/gm, '$1')
}
