import { defineConfig } from 'vitest/config'

// Slow: installs MLflow from the Python package index when it is not there, and starts real servers.
export default defineConfig({
  test: {
    include: ['test/mlflow/**/*.test.ts'],
    globalSetup: ['test/mlflow/global-setup.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
    retry: 0
  }
})
