import { inject } from 'vitest'
import type { Backend } from '../../src/backends/backend.js'
import { openMlflowBackend } from '../../src/backends/mlflow/open-mlflow.js'
import type { Line } from './python.js'

let count = 0

/** A registry that nobody else has: its registered models begin with a name of its own. */
export function newPrefix(): string {
  count += 1
  return `t${process.pid}-${count}-`
}

/** Opens a registry on the shared server of a line; an empty one, unless a prefix is given that has been used. */
export function openOn(line: Line, prefix = newPrefix()): Promise<Backend> {
  return openMlflowBackend({ address: inject('mlflow')[line], prefix, environment: {} })
}
