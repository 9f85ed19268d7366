import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
let folder: string
let project: string

/** Runs a program in the project that installed the tarball, and gives what it printed. */
function run(file: string, args: readonly string[], more: NodeJS.ProcessEnv = {}, cwd = project): string {
  const env = { ...process.env, STEMMA_CACHE: join(folder, 'cache'), STEMMA_REGISTRY: join(folder, 'store'), NODE_OPTIONS: '', ...more }
  return execFileSync(file, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

const STORY = `
  await logModel({ name: 'm', artifacts: { 'model.bin': 'weights' } })
  await transitionStage('m', 'production')
  const model = await getModel('m@production')
  if (Buffer.from(await model.read('model.bin')).toString() !== 'weights') throw new Error('other bytes')
`

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stemma-package-'))
  project = join(folder, 'project')
  mkdirSync(project)
  run('npm', ['pack', '--silent', '--pack-destination', folder], {}, root)
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('npm pack made no tarball')
  writeFileSync(join(project, 'package.json'), '{"private":true}')
  run('npm', ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', join(folder, tarball)])
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('the published package', () => {
  it('holds what is needed and nothing else', () => {
    const names = readdirSync(join(project, 'node_modules/stemma'))
    expect(names.toSorted()).toEqual(['LICENSE', 'README.md', 'dist', 'docs', 'package.json'])
  })

  it('has no install scripts, of its own or of its dependencies', () => {
    const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')) as { packages: Record<string, { hasInstallScript?: boolean }> }
    expect(Object.keys(lock.packages).filter((name) => lock.packages[name]?.hasInstallScript)).toEqual([])
  })

  it('works as an ES module', () => {
    writeFileSync(join(project, 'story.mjs'), `import { getModel, logModel, transitionStage } from 'stemma'\n${STORY}\nconsole.log('done')`)
    expect(run(process.execPath, ['story.mjs'])).toBe('done\n')
  })

  it('works as CommonJS', () => {
    writeFileSync(
      join(project, 'story.cjs'),
      `const { getModel, logModel, transitionStage } = require('stemma')\nasync function main() {${STORY}}\nmain().then(() => console.log('done'))`
    )
    expect(run(process.execPath, ['story.cjs'])).toBe('done\n')
  })

  it('exports its subpaths both ways', () => {
    for (const [subpath, name] of [['schemas', 'eventSchema'], ['backends', 'createJournalBackend'], ['server', 'createServer']] as const) {
      expect(run(process.execPath, ['--input-type=module', '-e', `import { ${name} } from 'stemma/${subpath}'; console.log(typeof ${name})`])).toMatch(/function|object/)
      expect(run(process.execPath, ['-e', `console.log(typeof require('stemma/${subpath}').${name})`])).toMatch(/function|object/)
    }
  })

  it('is typed for both kinds of import', () => {
    const program = "import { logModel, openRegistry, type ModelVersion } from 'stemma'\nimport type { ModelEvent } from 'stemma/schemas'\nimport type { Backend } from 'stemma/backends'\nimport { createServer, type StemmaServer } from 'stemma/server'\nexport const serve = (): StemmaServer => createServer({ registry: './models' })\nexport const log = async (): Promise<ModelVersion> => logModel({ name: 'm', artifacts: './out' })\nexport type All = [ModelEvent, Backend, typeof openRegistry]\n// @ts-expect-error a metric is a number\nexport const wrong = () => logModel({ name: 'm', artifacts: './out', metrics: { auc: 'high' } })\n"
    writeFileSync(join(project, 'types.mts'), program)
    writeFileSync(join(project, 'types.cts'), program)
    for (const [module, resolution] of [['nodenext', 'nodenext'], ['esnext', 'bundler']] as const) {
      run(process.execPath, [
        join(root, 'node_modules/typescript/bin/tsc'),
        ...['--strict', '--noEmit', '--target', 'es2023', '--lib', 'es2023,esnext.disposable', '--module', module, '--moduleResolution', resolution],
        ...['--typeRoots', join(root, 'node_modules/@types'), '--types', 'node', 'types.mts', ...(module === 'nodenext' ? ['types.cts'] : [])]
      ])
    }
  })

  it("loads in Jest's default mode, which is CommonJS", () => {
    run('npm', ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', '--save-dev', 'jest@30'])
    writeFileSync(
      join(project, 'story.test.js'),
      `const { getModel, logModel, transitionStage } = require('stemma')\ntest('story', async () => {${STORY}})`
    )
    run(join(project, 'node_modules/.bin/jest'), ['story.test.js'])
  })

  it('serves a registry by its command, and uses it by its address', async () => {
    const bin = join(project, 'node_modules/.bin/stemma')
    const token = /stemma_[\w-]+/.exec(run(bin, ['token', 'create', '--name', 'ci', '--scope', 'write', 'promote', '--tokens', 'tokens.json']))?.[0] ?? ''
    const server = spawn(bin, ['serve', '--registry', join(folder, 'served'), '--port', '0', '--tokens', 'tokens.json'], { cwd: project, stdio: ['ignore', 'pipe', 'pipe'] })
    try {
      const url = await new Promise<string>((resolve, reject) => {
        let printed = ''
        const read = (chunk: Buffer): void => {
          printed += chunk.toString()
          const found = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0]
          if (found !== undefined) resolve(found)
        }
        server.stdout.on('data', read)
        server.stderr.on('data', read)
        server.once('exit', (code) => {
          reject(new Error(`the server ended with ${code}: ${printed}`))
        })
      })
      for (const [file, program] of [
        ['remote.mjs', `import { getModel, logModel, transitionStage } from 'stemma'\n${STORY}\nconsole.log('done')`],
        ['remote.cjs', `const { getModel, logModel, transitionStage } = require('stemma')\nasync function main() {${STORY}}\nmain().then(() => console.log('done'))`]
      ] as const) {
        writeFileSync(join(project, file), program)
        expect(run(process.execPath, [file], { STEMMA_REGISTRY: url, STEMMA_TOKEN: token })).toBe('done\n')
      }
      run(join(project, 'node_modules/.bin/jest'), ['story.test.js'], { STEMMA_REGISTRY: url, STEMMA_TOKEN: token })
    } finally {
      server.kill('SIGTERM')
      await once(server, 'exit')
    }
  })

  it('hashes in worker threads when it is installed', () => {
    writeFileSync(
      join(project, 'workers.mjs'),
      `import { openRegistry } from 'stemma'
       import { readFileSync, writeFileSync, mkdirSync } from 'node:fs'
       mkdirSync('big', { recursive: true })
       for (const name of ['a', 'b', 'c']) writeFileSync('big/' + name, Buffer.alloc(64 * 1024 * 1024, name))
       const registry = await openRegistry('./big-store', { durability: 'none' })
       await registry.logModel({ name: 'big', artifacts: './big', capture: false })
       let threads = 0
       const timer = setInterval(() => {
         threads = Math.max(threads, process.report.getReport().workers.length)
       }, 1)
       const report = await registry.verify()
       clearInterval(timer)
       if (!report.ok) throw new Error('damaged')
       console.log(threads > 0 ? 'threads' : 'no threads')`
    )
    expect(run(process.execPath, ['workers.mjs'])).toBe('threads\n')
  })
})
