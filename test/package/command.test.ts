import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { DIGEST, IMPORT_LINES, REQUIRE_LINES, STORY } from './story.js'
import { runIn, writeProject } from './workspace.js'

const workspace = inject('workspace')
const tool = (path: string): string => join(workspace.folder, 'node_modules', path)
const PRINT = '\nstory().then((digest) => { console.log(digest) })\n'

describe('a registry served by the command of the package', () => {
  let server: ChildProcess
  let env: NodeJS.ProcessEnv

  beforeAll(async () => {
    const project = writeProject(workspace, 'served', {})
    const token = /stemma_[\w-]+/.exec(await runIn(project, tool('.bin/stemma'), ['token', 'create', '--name', 'ci', '--scope', 'write', 'promote', '--tokens', 'tokens.json']))?.[0] ?? ''
    server = spawn(tool('.bin/stemma'), ['serve', '--registry', 'store', '--port', '0', '--tokens', 'tokens.json'], { cwd: project, stdio: ['ignore', 'pipe', 'pipe'] })
    env = { STEMMA_REGISTRY: await addressOf(server), STEMMA_TOKEN: token }
  })

  afterAll(async () => {
    server.kill('SIGTERM')
    await once(server, 'exit')
  })

  it.each([
    { kind: 'an ES module', file: 'main.mjs', text: IMPORT_LINES, bundle: undefined },
    { kind: 'CommonJS', file: 'main.cjs', text: REQUIRE_LINES, bundle: undefined },
    {
      kind: 'a bundled ES module',
      file: 'main.mjs',
      text: IMPORT_LINES,
      bundle: ['--format=esm', "--banner:js=import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"]
    },
    { kind: 'bundled CommonJS', file: 'main.cjs', text: REQUIRE_LINES, bundle: ['--format=cjs'] }
  ])('is used by its address from $kind', async ({ kind, file, text, bundle }) => {
    const project = writeProject(workspace, `remote-${kind.replaceAll(' ', '-')}`, { [file]: text + STORY.replaceAll("'m", `'${kind.replaceAll(/\W/g, '-').toLowerCase()}`) + PRINT })
    if (bundle !== undefined) await runIn(project, process.execPath, [tool('esbuild/bin/esbuild'), file, '--bundle', '--platform=node', '--log-level=error', `--outfile=out/${file}`, ...bundle])
    expect(await runIn(project, process.execPath, [bundle === undefined ? file : `out/${file}`], env)).toMatch(DIGEST)
  })

  it('is used by its address from Jest', async () => {
    const project = writeProject(workspace, 'remote-jest', { 'story.test.js': `${REQUIRE_LINES}${STORY.replaceAll("'m", "'jest")}test('story', story)\n` })
    await runIn(project, process.execPath, [tool('jest/bin/jest.js'), '--no-cache'], env)
  })
})

/** The address that a server prints when it listens. */
function addressOf(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = ''
    for (const stream of [server.stdout, server.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        printed += chunk.toString()
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0]
        if (found !== undefined) resolve(found)
      })
    }
    server.once('exit', (code) => {
      reject(new Error(`the server ended with ${code}: ${printed}`))
    })
  })
}
