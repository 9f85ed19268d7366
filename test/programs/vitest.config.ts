import { defineConfig } from 'vitest/config'

// Slow: examples and the programs of the documentation, each in processes of its own over a build of the library.
export default defineConfig({ test: { include: ['test/programs/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 120_000, maxWorkers: 2, retry: 0 } })
