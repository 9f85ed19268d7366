import { defineConfig } from 'tsup'

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    'schemas/index': 'src/schemas/index.ts',
    'backends/index': 'src/backends/index.ts',
    'io/hash-worker': 'src/io/hash-worker.ts'
  },
  format: ['esm', 'cjs'],
  target: 'node20',
  platform: 'node',
  dts: { entry: { index: 'src/index.ts', 'schemas/index': 'src/schemas/index.ts', 'backends/index': 'src/backends/index.ts' } },
  splitting: true,
  shims: true,
  clean: true,
  treeshake: true,
  // ESM-only packages go into the build, so that CommonJS programs (Jest's default mode) can load stemma.
  noExternal: ['uuid', 'canonicalize']
})
