import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, type Options } from 'tsup'

const root = join(import.meta.dirname, '../..')

/** What is published and has a start of its own. */
const LIBRARY = ['index', 'backends/index', 'schemas/index', 'server/index', 'testing/index', 'io/hash-worker', 'cli/main']

/** Programs as JavaScript, beside a build of the library that they find by its name. */
export interface BuiltPrograms {
  /** Absolute path of a program by the name that it was given. */
  path(name: string): string
  /** Absolute path of the library's entry. */
  index: string
  /** Absolute path of the command line. */
  command: string
  remove(): void
}

/**
 * Builds the library as it is published, and translates programs that use it, each file for itself. Programs that are many run in a
 * fraction of the time that it takes to read and translate every source file for each of them.
 *
 * @param programs absolute path of each source file by its name: its path without `.ts`, as the others import it
 */
export async function buildPrograms(programs: Readonly<Record<string, string>>): Promise<BuiltPrograms> {
  const cache = join(root, 'node_modules/.cache')
  mkdirSync(cache, { recursive: true })
  // Below the project, so that all its dependencies are found.
  const folder = mkdtempSync(join(cache, 'stemma-'))
  const library = join(folder, 'node_modules/stemma')
  const shared: Options = { format: 'esm', target: 'node20', platform: 'node', config: false, silent: true }
  mkdirSync(library, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(library, 'package.json'), JSON.stringify({ type: 'module', exports: { '.': './index.js', './*': './*/index.js' } }))
  await Promise.all([
    build({
      ...{ ...shared, outDir: library, splitting: true, noExternal: ['uuid', 'canonicalize', 'zod', /^semver/] },
      entry: Object.fromEntries(LIBRARY.map((name) => [name, join(root, `src/${name}.ts`)]))
    }),
    ...(Object.keys(programs).length === 0 ? [] : [build({ ...shared, outDir: folder, bundle: false, entry: { ...programs } })])
  ])
  return {
    path: (name) => join(folder, `${name}.js`),
    index: join(library, 'index.js'),
    command: join(library, 'cli/main.js'),
    remove: () => {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
