import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { FileOrder } from './test/support/file-order.js'

export default defineConfig({
  // Examples import the package by its name, as users do.
  resolve: {
    alias: [
      { find: /^stemma$/, replacement: fileURLToPath(new URL('src/index.ts', import.meta.url)) },
      { find: /^stemma\/(\w+)$/, replacement: fileURLToPath(new URL('src/$1/index.ts', import.meta.url)) }
    ]
  },
  test: {
    include: ['test/**/*.test.ts'],
    // These have commands of their own: they are slow, or need tools or a network.
    exclude: ['test/durability/**', 'test/package/**', 'test/programs/**', 'test/mlflow/**'],
    // One process a core, which loads the library once: no test may leave anything behind in it.
    maxWorkers: 2,
    isolate: false,
    // The library and all tests stay loaded: with room for young objects, fewer of them are copied before they are garbage.
    execArgv: ['--max-semi-space-size=32'],
    sequence: { sequencer: FileOrder },
    globalSetup: ['test/support/memory-folder.ts'],
    retry: 0,
    testTimeout: 20_000
  }
})
