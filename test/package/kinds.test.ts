import { join } from 'node:path'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { DIGEST, IMPORT_LINES, IMPORTS, REQUIRE_LINES, STORY, TYPES } from './story.js'
import { manifest, runIn, writeProject } from './workspace.js'

const workspace = inject('workspace')
const tool = (path: string): string => join(workspace.folder, 'node_modules', path)

const PRINT = '\nstory().then((digest) => { console.log(digest) })\n'
const MODULE = '{ "private": true, "type": "module" }'

/** A kind of project: how it is written, and what Node is to run. */
interface Kind {
  name: string
  files: Readonly<Record<string, string>>
  /** Compiler options, when it is TypeScript; the compiled program is run. */
  compile?: Readonly<Record<string, string | boolean>>
  args: readonly string[]
  env?: NodeJS.ProcessEnv
  /** Prints the digest itself; test runners print their own text. */
  prints?: boolean
}

const jestTest = `test('story', async () => {\n  expect(await story()).toContain('sha256:')\n})\n`

const KINDS: readonly Kind[] = [
  { name: 'JavaScript, ES modules', files: { 'package.json': MODULE, 'main.js': IMPORT_LINES + STORY + PRINT }, args: ['main.js'], prints: true },
  { name: 'JavaScript, CommonJS', files: { 'main.js': REQUIRE_LINES + STORY + PRINT }, args: ['main.js'], prints: true },
  ...[
    { name: 'TypeScript, ES modules, moduleResolution bundler', type: MODULE, compile: { module: 'esnext', moduleResolution: 'bundler' } },
    { name: 'TypeScript, ES modules, moduleResolution node16', type: MODULE, compile: { module: 'node16', moduleResolution: 'node16' } },
    { name: 'TypeScript, CommonJS, moduleResolution node16', type: '{}', compile: { module: 'node16', moduleResolution: 'node16' } },
    { name: 'TypeScript, CommonJS, moduleResolution node10', type: '{}', compile: { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true } }
  ].map(({ name, type, compile }) => ({ name, compile, files: { 'package.json': type, 'main.ts': IMPORT_LINES + TYPES + STORY + PRINT }, args: ['out/main.js'], prints: true })),
  { name: 'Jest, CommonJS, default transform', files: { 'story.test.js': REQUIRE_LINES + STORY + jestTest }, args: [tool('jest/bin/jest.js'), '--no-cache'] },
  {
    name: 'Jest, ES modules',
    files: { 'package.json': MODULE, 'story.test.js': IMPORT_LINES + STORY + jestTest },
    args: [tool('jest/bin/jest.js'), '--no-cache'],
    env: { NODE_OPTIONS: '--experimental-vm-modules' }
  },
  {
    name: 'Vitest',
    files: { 'package.json': MODULE, 'story.test.js': `import { expect, test } from 'vitest'\n${IMPORT_LINES}${STORY}${jestTest}` },
    args: [tool('vitest/vitest.mjs'), 'run', '--root', '.']
  },
  {
    name: 'node:test',
    files: { 'package.json': MODULE, 'story.test.js': `import { test } from 'node:test'\n${IMPORT_LINES}${STORY}test('story', story)\n` },
    args: ['--test']
  }
]

it('uses every entry of the package in each kind of project', () => {
  const entries = Object.keys(manifest.exports).filter((entry) => entry !== './package.json').map((entry) => entry.replace('.', 'stemma'))
  expect(Object.keys(IMPORTS).toSorted()).toEqual(entries.toSorted())
})

describe.each(KINDS)('$name', ({ name, files, compile, args, env, prints }) => {
  let project: string

  beforeAll(async () => {
    const tsconfig = { compilerOptions: { strict: true, skipLibCheck: false, target: 'es2022', lib: ['es2023', 'esnext.disposable'], types: ['node'], outDir: 'out', noEmitOnError: true, ...compile } }
    project = writeProject(workspace, name.replaceAll(/\W+/g, '-'), { ...files, ...(compile === undefined ? {} : { 'tsconfig.json': JSON.stringify(tsconfig) }) })
    if (compile !== undefined) await runIn(project, process.execPath, [tool('typescript/bin/tsc')])
  })

  it.each(Object.entries(workspace.nodes))('%s', async (_, node) => {
    const printed = await runIn(project, node, args, env)
    if (prints === true) expect(printed).toMatch(DIGEST)
  })
})
