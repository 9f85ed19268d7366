import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Examples import the package by its name, as users do.
  resolve: { alias: [{ find: /^stemma$/, replacement: fileURLToPath(new URL('src/index.ts', import.meta.url)) }] },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/durability/**'],
    retry: 0,
    testTimeout: 20_000
  }
})
