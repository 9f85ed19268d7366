import { defineConfig } from 'vitest/config'
import { LINES, projectName } from './line.js'

/** Slow: installs MLflow from the Python package index, and starts real servers. Every file runs once for each line of MLflow. */
export default defineConfig({
  test: {
    globalSetup: ['test/mlflow/global-setup.ts'],
    maxWorkers: 2,
    projects: LINES.map((line) => ({
      test: {
        name: projectName(line),
        include: ['test/mlflow/**/*.test.ts'],
        provide: { line },
        testTimeout: 300_000,
        hookTimeout: 300_000,
        retry: 0
      }
    }))
  }
})
