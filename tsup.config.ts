import { defineConfig, type Options } from 'tsup'

const library = { index: 'src/index.ts', 'schemas/index': 'src/schemas/index.ts', 'backends/index': 'src/backends/index.ts' }

const shared: Options = {
  entry: { ...library, 'io/hash-worker': 'src/io/hash-worker.ts' },
  target: 'node20',
  platform: 'node',
  shims: true,
  treeshake: true,
  // ESM-only packages go into the build, so that CommonJS programs can load stemma.
  noExternal: ['uuid', 'canonicalize']
}

export default defineConfig((options) => [
  // What a call does not need loads at its first use: chunks.
  { ...shared, format: 'esm', splitting: true, dts: options.dts === false ? false : { entry: library } },
  // Jest's CommonJS mode has no import(): there, what is deferred is a require().
  {
    ...shared,
    format: 'cjs',
    splitting: false,
    dts: options.dts === false ? false : { entry: library },
    esbuildOptions: (esbuild) => {
      esbuild.supported = { 'dynamic-import': false }
    }
  }
])
