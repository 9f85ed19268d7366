import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildPrograms, type BuiltPrograms } from '../support/built-programs.js'
import { temporaryFolder } from '../support/test-registry.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const documents = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter((name) => name.endsWith('.md'))

/** The `ts` blocks of a page, run one after the other in one program: imports first, each block in a scope of its own. */
function programOf(markdown: string): string | undefined {
  const blocks = [...markdown.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '')
  if (blocks.length === 0) return undefined
  const imports = new Map<string, Set<string>>()
  const bodies = blocks.map((block) =>
    block.replace(/^import \{([^}]*)\} from '([^']*)'\n/gm, (_line, list: string, module: string) => {
      const names = imports.get(module) ?? new Set()
      imports.set(module, names)
      for (const name of list.split(',')) names.add(name.trim())
      return ''
    })
  )
  const lines = [...imports].map(([module, names]) => `import { ${[...names].join(', ')} } from '${module}'\n`)
  return [...lines, ...bodies.map((body) => `{\n${body}}\n`)].join('')
}

/** What the programs of a page promise to print: comments that begin with an arrow, in their order. */
function promisesOf(markdown: string): string[] {
  return [...markdown.matchAll(/\/\/ → (.*)$/gm)].map((match) => match[1] ?? '')
}

const programs = new Map(documents.flatMap((document) => {
  const program = programOf(readFileSync(join(root, document), 'utf8'))
  return program === undefined ? [] : [[document, program] as const]
}))
let built: BuiltPrograms

beforeAll(async () => {
  const sources = mkdtempSync(join(tmpdir(), 'stemma-snippets-'))
  const paths = [...programs].map(([document, program], index) => {
    const path = join(sources, `${index}.ts`)
    writeFileSync(path, program)
    return [document, path] as const
  })
  built = await buildPrograms(Object.fromEntries(paths))
  rmSync(sources, { recursive: true })
}, 60_000)

afterAll(() => {
  built.remove()
})

it('finds the pages', () => {
  expect(documents).toContain('README.md')
  expect(documents.length).toBeGreaterThan(3)
})

it.each([...programs.keys()])('%s: its programs run', async (document) => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'out'))
  mkdirSync(join(folder, 'data'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, 'out/model.onnx'), 'weights')
  writeFileSync(join(folder, 'data/loans.csv'), 'income,age\n1,2\n')
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [built.path(document)],
    { cwd: folder, env: { ...process.env, STEMMA_REGISTRY: '', STEMMA_CACHE: join(folder, 'cache') } }
  )
  let from = 0
  for (const promise of promisesOf(readFileSync(join(root, document), 'utf8'))) {
    const place = stdout.indexOf(promise, from)
    expect(place, `${document} promises "${promise}" after what came before in:\n${stdout}`).toBeGreaterThanOrEqual(0)
    from = place + promise.length
  }
})
