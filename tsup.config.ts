import { defineConfig, type Options } from 'tsup'

const library = { index: 'src/index.ts', 'schemas/index': 'src/schemas/index.ts', 'backends/index': 'src/backends/index.ts', 'server/index': 'src/server/index.ts' }

const programs = { ...library, 'io/hash-worker': 'src/io/hash-worker.ts' }

const shared: Options = {
  entry: programs,
  target: 'node20',
  platform: 'node',
  shims: true,
  // ESM-only packages go into the build, so that CommonJS programs can load stemma. So does zod, of which a quarter is used:
  // from node_modules it costs each start 50 ms, most of it for error messages in forty languages; and semver, whose twenty files
  // cost 15 ms.
  noExternal: ['uuid', 'canonicalize', 'p-retry', 'is-network-error', 'zod', /^semver/]
}

/** Shorter text loads faster; names stay, so that stack traces can be read. */
const shorten: NonNullable<Options['esbuildOptions']> = (esbuild) => {
  esbuild.minifyWhitespace = true
  esbuild.minifySyntax = true
  // Node shows the line of an error that nobody caught: it is not to be the whole file.
  esbuild.lineLimit = 140
}

/** Types of both kinds from one program: making them takes longer than all the rest. */
const types: Options = { ...shared, entry: library, format: ['esm', 'cjs'], dts: { only: true, entry: library } }

export default defineConfig((options) => [
  // What a call does not need loads at its first use: chunks.
  { ...shared, entry: { ...programs, 'cli/main': 'src/cli/main.ts' }, format: 'esm', splitting: true, esbuildOptions: shorten, dts: false },
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
