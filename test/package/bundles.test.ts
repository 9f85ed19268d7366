import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { z } from 'zod'
import { DIGEST, IMPORT_LINES, REQUIRE_LINES, STORY } from './story.js'
import { manifest, runIn, writeProject } from './workspace.js'

const workspace = inject('workspace')
const PRINT = '\nstory().then((digest) => { console.log(digest) })\n'

/** Logs, verifies and serves three files of 65 MiB, and prints whether threads of ours ran meanwhile. */
const LARGE = `
async function large() {
  const registry = await openRegistry('./large-store', { durability: 'none' })
  let threads = 0
  const timer = setInterval(() => {
    threads = Math.max(threads, process.report.getReport().workers.length)
  }, 1)
  await registry.logModel({ name: 'large', artifacts: '../large', capture: false })
  const report = await registry.verify()
  clearInterval(timer)
  const model = await registry.getModel('large@1.0.0', { into: './large-copy' })
  if (!report.ok || model.version.artifactCount !== 3) throw new Error('damaged')
  await registry.close()
  return threads > 0 ? 'threads' : 'no threads'
}
large().then((found) => { console.log(found) })
`

const esbuildReport = z.object({
  inputs: z.record(z.string(), z.unknown()),
  outputs: z.record(
    z.string(),
    z.object({ bytes: z.int(), entryPoint: z.string().optional(), imports: z.array(z.object({ path: z.string(), kind: z.string(), external: z.boolean().optional() })), inputs: z.record(z.string(), z.unknown()) })
  )
})

/** Bundles `main` of a project, and gives esbuild's report. */
async function bundle(project: string, main: string, options: readonly string[]): Promise<z.infer<typeof esbuildReport>> {
  const args = [join(workspace.folder, 'node_modules/esbuild/bin/esbuild'), main, '--bundle', '--platform=node', '--target=node20', '--log-level=error', '--metafile=meta.json', ...options]
  await runIn(project, process.execPath, args)
  return esbuildReport.parse(JSON.parse(readFileSync(join(project, 'meta.json'), 'utf8')))
}

/** Packages of which a report names files. */
function packagesOf(paths: readonly string[]): string[] {
  return [...new Set(paths.flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []))].toSorted()
}

beforeAll(() => {
  const folder = join(workspace.folder, 'projects/large')
  mkdirSync(folder, { recursive: true })
  for (const name of ['a', 'b', 'c']) writeFileSync(join(folder, name), Buffer.alloc(65 * 1024 * 1024, name))
})

/** What CommonJS packages in a bundle of ES modules need: esbuild leaves their `require` of Node's own modules as it is. */
const REQUIRE_BANNER = "--banner:js=import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

const BUNDLES = [
  { name: 'ES modules into one ES module', imports: IMPORT_LINES, file: 'main.mjs', options: ['--format=esm', '--outfile=out/main.mjs', REQUIRE_BANNER], out: 'out/main.mjs' },
  { name: 'ES modules into chunks', imports: IMPORT_LINES, file: 'main.mjs', options: ['--format=esm', '--splitting', '--outdir=out', '--out-extension:.js=.mjs', REQUIRE_BANNER], out: 'out/main.mjs' },
  { name: 'ES modules into CommonJS', imports: IMPORT_LINES, file: 'main.mjs', options: ['--format=cjs', '--outfile=out/main.cjs'], out: 'out/main.cjs' },
  { name: 'CommonJS into CommonJS', imports: REQUIRE_LINES, file: 'main.cjs', options: ['--format=cjs', '--outfile=out/main.cjs'], out: 'out/main.cjs' },
  { name: 'packages left outside', imports: IMPORT_LINES, file: 'main.mjs', options: ['--format=esm', '--packages=external', '--outfile=out/main.mjs'], out: 'out/main.mjs' }
]

describe.each(BUNDLES)('bundled by esbuild: $name', ({ name, imports, file, options, out }) => {
  it('logs, promotes and serves, on each Node', async () => {
    const project = writeProject(workspace, `bundled-${name.replaceAll(' ', '-')}`, { [file]: imports + STORY + PRINT })
    await bundle(project, file, options)
    for (const node of Object.values(workspace.nodes)) expect(await runIn(project, node, [out])).toMatch(DIGEST)
  })

  it('takes in large files, with threads where their program can be found', async () => {
    const project = writeProject(workspace, `large-${name.replaceAll(' ', '-')}`, { [file]: imports + LARGE })
    await bundle(project, file, options)
    expect(await runIn(project, process.execPath, [out])).toBe(options.includes('--packages=external') ? 'threads\n' : 'no threads\n')
  })
})

describe('a program that takes one verb', () => {
  /** What only the server, the command line or another backend needs. */
  const ELSEWHERE = ['@fastify/busboy', 'commander', 'hono', 'prom-client']
  /** What a registry at an address needs: loaded when one is opened. */
  const REMOTE = ['axios', 'crc-32', 'eventsource-parser', 'form-data']

  it('does not get the server or the command line, from esbuild', async () => {
    const project = writeProject(workspace, 'one-verb', { 'main.mjs': "import { getModel } from 'stemma'\nconsole.log(await getModel('m@production'))\n" })
    const { inputs, outputs } = await bundle(project, 'main.mjs', ['--format=esm', '--splitting', '--outdir=out'])
    expect(ELSEWHERE.every((name) => name in manifest.dependencies)).toBe(true)
    expect(packagesOf(Object.keys(inputs)).filter((name) => ELSEWHERE.includes(name))).toEqual([])
    expect(Object.keys(inputs).filter((path) => /stemma\/dist\/(cli|server)\//.test(path))).toEqual([])
    expect(Object.keys(inputs).filter((path) => /create-server|run-command-line/.test(path))).toEqual([])

    // What loads with the first line of the program, without the chunks that later calls ask for.
    const start = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === 'main.mjs')?.[0] ?? ''
    const loaded = new Set<string>()
    const load = (path: string): void => {
      if (loaded.has(path)) return
      loaded.add(path)
      for (const { path: next, kind, external } of outputs[path]?.imports ?? []) if (kind === 'import-statement' && external !== true) load(next)
    }
    load(start)
    const bytes = [...loaded].reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0)
    console.log(`one verb, bundled: ${bytes} bytes at start, ${Object.values(outputs).reduce((sum, output) => sum + output.bytes, 0)} in all`)
    const atStart = packagesOf([...loaded].flatMap((path) => Object.keys(outputs[path]?.inputs ?? {})))
    expect(atStart.filter((name) => REMOTE.includes(name))).toEqual([])
    expect(bytes).toBeLessThan(60_000)
  })

  it('does not get them from Rollup either', async () => {
    const project = writeProject(workspace, 'one-verb-rollup', {
      'main.mjs': "import { getModel } from 'stemma'\nconsole.log(await getModel('m@production'))\n",
      'bundle.mjs': `import { rollup } from 'rollup'
        import { fileURLToPath } from 'node:url'
        const stemma = { name: 'stemma', resolveId: (id) => (/^stemma(\\/|$)/.test(id) ? fileURLToPath(import.meta.resolve(id)) : null) }
        const build = await rollup({ input: 'main.mjs', plugins: [stemma], external: (id) => !/^(\\.|\\/|main|stemma)/.test(id) })
        const { output } = await build.generate({ format: 'esm' })
        console.log(JSON.stringify(output.flatMap((chunk) => [...chunk.imports, ...chunk.dynamicImports, ...Object.keys(chunk.modules)])))`
    })
    const names = z.array(z.string()).parse(JSON.parse(await runIn(project, process.execPath, ['bundle.mjs'])))
    expect(names.some((name) => name.includes('stemma/dist/'))).toBe(true)
    expect(names.filter((name) => ELSEWHERE.includes(name) || /dist\/(cli|server)\//.test(name))).toEqual([])
  })
})
