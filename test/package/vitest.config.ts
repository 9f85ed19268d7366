import { defineConfig } from 'vitest/config'

// Slow: packs and installs what is published, once. Needs the package registry.
export default defineConfig({
  test: {
    include: ['test/package/**/*.test.ts'],
    globalSetup: 'test/package/workspace.ts',
    maxWorkers: 2,
    testTimeout: 240_000,
    hookTimeout: 240_000,
    retry: 0
  }
})
