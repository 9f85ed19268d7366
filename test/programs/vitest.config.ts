import { defineConfig } from 'vitest/config'
import shared from '../../vitest.config.js'

// Slow: examples and the programs of the documentation, each in processes of its own over a build of the library.
export default defineConfig({
  ...shared,
  test: { include: ['test/programs/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 120_000, maxWorkers: 2, retry: 0 }
})
