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
  const names = new Set<string>()
  const bodies = blocks.map((block) =>
    block.replace(/^import \{([^}]*)\} from 'stemma'\n/gm, (_line, list: string) => {
      for (const name of list.split(',')) names.add(name.trim())
      return ''
    })
  )
  return `import { ${[...names].join(', ')} } from 'stemma'\n${bodies.map((body) => `{\n${body}}\n`).join('')}`
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
  expect(typeof stdout).toBe('string')
})
