import { defineConfig } from 'vitest/config'

// Slow: builds, packs and installs what is published. Needs the package registry.
export default defineConfig({ test: { include: ['test/package/**/*.test.ts'], testTimeout: 240_000, hookTimeout: 240_000, retry: 0 } })
