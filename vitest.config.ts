import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/durability/**'],
    retry: 0,
    testTimeout: 20_000
  }
})
