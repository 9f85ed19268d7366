import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join, resolve } from 'node:path'
import { rollup, type GetModuleInfo } from 'rollup'
import { defineConfig, type Options } from 'tsup'
import * as z from 'zod'

const library = { index: 'src/index.ts', 'schemas/index': 'src/schemas/index.ts', 'backends/index': 'src/backends/index.ts', 'server/index': 'src/server/index.ts', 'testing/index': 'src/testing/index.ts' }

const programs = { ...library, 'io/hash-worker': 'src/io/hash-worker.ts' }

const scripts = { ...programs, 'cli/main': 'src/cli/main.ts' }

// ESM-only packages go into the build, so that CommonJS programs can load stemma. So does zod, of which a quarter is used:
// from node_modules it costs each start 50 ms, most of it for error messages in forty languages; and semver, whose twenty files
// cost 15 ms.
const inBuild = ['uuid', 'canonicalize', 'p-retry', 'is-network-error', 'zod', /^semver/]

type Plugin = NonNullable<Options['esbuildPlugins']>[number]

const packagesInBuild = new Set<string>()

/** Writes down whose code is in the build, with the licences: those ask to go with every copy. */
const licences: Plugin = {
  name: 'licences',
  setup(build) {
    build.initialOptions.metafile = true
    build.onEnd(({ metafile }) => {
      for (const input of Object.keys(metafile?.inputs ?? {})) {
        const [folder] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input) ?? []
        if (folder !== undefined) packagesInBuild.add(folder)
      }
      const folder = build.initialOptions.outdir ?? 'dist'
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, 'THIRD-PARTY-LICENSES.txt'), [...packagesInBuild].sort().map(licenceOf).join('\n'))
    })
  }
}

function licenceOf(folder: string): string {
  const { name, version } = z.object({ name: z.string(), version: z.string() }).parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))
  const text = readdirSync(folder).some((found) => /^licen[cs]e/i.test(found)) ? fileOf(folder, /^licen[cs]e/i) : /^licen[cs]e\n-+\n[^]*/im.exec(fileOf(folder, /^readme/i))?.[0]
  if (text === undefined) throw new Error(`${folder} has no licence to go with its code`)
  return `${name} ${version}\n\n${text.trim()}\n`
}

function fileOf(folder: string, name: RegExp): string {
  return readFileSync(join(folder, readdirSync(folder).find((found) => name.test(found)) ?? ''), 'utf8')
}

const shared: Options = {
  entry: programs,
  target: 'node20',
  platform: 'node',
  shims: true,
  noExternal: inBuild,
  esbuildPlugins: [licences]
}

/** Shorter text loads faster; names stay, so that stack traces can be read. */
const shorten: NonNullable<Options['esbuildOptions']> = (esbuild) => {
  esbuild.minifyWhitespace = true
  esbuild.minifySyntax = true
  // Node shows the line of an error that nobody caught: it is not to be the whole file.
  esbuild.lineLimit = 140
}

const withAxios = ['axios', 'follow-redirects', 'proxy-from-env', 'https-proxy-agent', 'agent-base', 'debug', 'ms', 'supports-color', 'has-flag', 'form-data']
const NODE_MODULE = new RegExp(`^(node:)?(${builtinModules.join('|')})$`)

/** What axios can do besides requests by `node:http`. The first two are adapters of browsers, the last its forms, with all types of files. */
const UNUSED_OF_AXIOS = /^(\.\/fetch\.js|\.\/xhr\.js|form-data)$/

/**
 * Puts the part of axios that is used into the build: from node_modules it costs each start that asks a server 100 ms, most of it for forms,
 * for `fetch`, and for 65 files. What it requires is CommonJS, which has no `require` in there.
 */
const axiosInBuild: Plugin = {
  name: 'axios-in-build',
  setup(build) {
    build.onResolve({ filter: UNUSED_OF_AXIOS }, ({ importer }) => (/[/\\]axios[/\\]lib[/\\]/.test(importer) ? { path: 'unused', namespace: 'unused' } : { external: true }))
    build.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'export default null; export const getFetch = () => false' }))
    build.onResolve({ filter: NODE_MODULE }, ({ path, kind }) => (kind === 'require-call' ? { path, namespace: 'node' } : undefined))
    build.onLoad({ filter: /.*/, namespace: 'node' }, ({ path }) => ({ contents: `module.exports = process.getBuiltinModule('${path}')` }))
  }
}

/**
 * Joins the many small chunks of esbuild: of a call that reads a model from the cache, Node would load fifty files, at up to a
 * millisecond each. What the root entry loads becomes one file; of the rest, what threads need, the validation that `schemas` and the
 * first call share, and what else the first call needs, one file each.
 */
async function joinChunks(folder: string): Promise<void> {
  const fileOf = (name: string): string => resolve(folder, `${name}.js`)
  const chunks = readdirSync(folder).filter((name) => name.endsWith('.js'))
  const firstCall = chunks.find((name) => name.startsWith('assemble-registry-'))
  if (firstCall === undefined) throw new Error('there is no chunk of the first call')
  const input = Object.fromEntries(Object.keys(scripts).map((name) => [name, fileOf(name)]))
  const first = resolve(folder, firstCall)
  // By what loads all of a part. The first that fits counts, so that none imports from a later one.
  const parts = { base: [fileOf('index')], thread: [fileOf('io/hash-worker')], validation: [fileOf('schemas/index'), first], 'first-call': [first] }
  const bundle = await rollup({
    input,
    external: (id) => !id.startsWith('.') && !id.startsWith('/'),
    treeshake: false,
    onwarn: (warning) => {
      if (warning.code !== 'UNUSED_EXTERNAL_IMPORT') throw new Error(warning.message)
    }
  })
  const { output } = await bundle.generate({
    format: 'esm',
    dir: folder,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    minifyInternalExports: false,
    hoistTransitiveImports: false,
    manualChunks: (id, { getModuleInfo }) =>
      Object.values(input).includes(id) ? undefined : Object.entries(parts).find(([, roots]) => roots.every((root) => loadedBy(root, getModuleInfo).has(id)))?.[0]
  })
  for (const name of chunks) rmSync(resolve(folder, name))
  for (const file of output) if (file.type === 'chunk') writeFileSync(resolve(folder, file.fileName), file.code)
}

/** A file and all that it imports, but for what is imported at its first use. */
function loadedBy(root: string, getModuleInfo: GetModuleInfo, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(root)) return found
  found.add(root)
  for (const id of getModuleInfo(root)?.importedIds ?? []) loadedBy(id, getModuleInfo, found)
  return found
}

/** Types of both kinds from one program: making them takes longer than all the rest. */
const types: Options = { ...shared, entry: library, format: ['esm', 'cjs'], dts: { only: true, entry: library } }

export default defineConfig((options) => [
  // What a call does not need loads at its first use: chunks.
  {
    ...shared,
    entry: scripts,
    format: 'esm',
    splitting: true,
    esbuildOptions: shorten,
    noExternal: [...inBuild, ...withAxios],
    esbuildPlugins: [axiosInBuild, licences],
    dts: false,
    onSuccess: () => joinChunks(options.outDir ?? 'dist')
  },
  // Jest's CommonJS mode has no import(): there, what is deferred is a require().
  {
    ...shared,
    format: 'cjs',
    splitting: false,
    dts: false,
    esbuildOptions: (esbuild, context) => {
      shorten(esbuild, context)
      esbuild.supported = { 'dynamic-import': false }
    }
  },
  ...(options.dts === false ? [] : [types])
])
