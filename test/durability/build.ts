import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { build, type Options } from 'tsup'

type Plugin = NonNullable<Options['esbuildPlugins']>[number]

/** A change to one source file that plants a bug. */
export interface Mutation {
  /** Path below `src`. */
  file: string
  /** Text that must occur, once. */
  find: string
  replace: string
}

/** Where the compiled programs lie. */
export interface Build {
  folder: string
  /** The fault shim. */
  shim: string
}

const here = import.meta.dirname
const PROGRAMS = ['injected', 'checker', 'writer', 'lost-replies', 'bit-rot', 'history', 'http-server', 'fuzz']

/** Compiles the programs with the library in them, each into one file that starts fast; with mutations, with these bugs in it. */
export async function buildPrograms(folder: string, mutations: readonly Mutation[] = []): Promise<Build> {
  mkdirSync(folder, { recursive: true })
  const applied = new Set<Mutation>()
  await build({
    entry: PROGRAMS.map((name) => join(here, 'programs', `${name}.ts`)),
    outDir: folder,
    format: 'cjs',
    target: 'node20',
    platform: 'node',
    shims: true,
    splitting: false,
    noExternal: [/.*/],
    config: false,
    silent: true,
    esbuildPlugins: [plant(mutations, applied)],
    outExtension: () => ({ js: '.cjs' })
  })
  for (const mutation of mutations) {
    if (!applied.has(mutation)) throw new Error(`the mutation of ${mutation.file} was not applied: the file is not part of the build`)
  }
  const shim = join(folder, 'fault.so')
  execFileSync('gcc', ['-shared', '-fPIC', '-O2', '-o', shim, join(here, 'shim', 'fault.c'), '-ldl'], { stdio: ['ignore', 'ignore', 'inherit'] })
  return { folder, shim }
}

function plant(mutations: readonly Mutation[], applied: Set<Mutation>): Plugin {
  return {
    name: 'plant-bugs',
    setup(esbuild) {
      if (mutations.length === 0) return
      esbuild.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
        const own = mutations.filter(({ file }) => path.endsWith(`${sep}src${sep}${file.replaceAll('/', sep)}`))
        if (own.length === 0) return undefined
        let contents = readFileSync(path, 'utf8')
        for (const mutation of own) {
          if (contents.split(mutation.find).length !== 2) throw new Error(`${mutation.file} must contain once: ${mutation.find}`)
          contents = contents.replace(mutation.find, () => mutation.replace)
          applied.add(mutation)
        }
        return { contents, loader: 'ts' }
      })
    }
  }
}
