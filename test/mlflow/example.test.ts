import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { installed, line, newPrefix } from './open.js'
import { pythonEnvironment } from './python.js'

const root = join(import.meta.dirname, '../..')

describe(`MLflow ${line}: examples/mlflow`, () => {
  it('trains, logs, loads in Python, promotes and serves; Python and Node agree', async () => {
    const cache = await mkdtemp(join(tmpdir(), 'stemma-mlflow-example-'))
    const env = {
      ...pythonEnvironment(),
      ...{ MLFLOW_TRACKING_URI: installed.url, PYTHON: installed.python, STEMMA_CACHE: cache, EXAMPLE_MODEL: `${newPrefix()}loans` }
    }
    try {
      const { stdout } = await promisify(execFile)(join(root, 'node_modules/.bin/tsx'), ['examples/mlflow/main.ts'], { cwd: root, env })
      const [logged, python, node] = stdout.trim().split('\n')
      expect(logged).toMatch(/@1\.0\.0, accuracy 0\.9/)
      const values = /(?:0\.\d{4}) (?:0\.\d{4})$/
      expect(python).toMatch(values)
      expect(values.exec(node ?? '')?.[0]).toBe(values.exec(python ?? '')?.[0])
    } finally {
      await rm(cache, { recursive: true, force: true })
    }
  })
})
