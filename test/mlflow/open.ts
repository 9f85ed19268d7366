import { inject } from 'vitest'
import type { Backend } from '../../src/backends/backend.js'
import { openMlflowBackend } from '../../src/backends/mlflow/open-mlflow.js'
import { systemSources, type Sources } from '../../src/util/sources.js'
import type { Installed } from './global-setup.js'
import type { Line } from './line.js'

/** The line of MLflow that this file is run for. */
export const line = inject('line')
/** Its Python, and its servers. */
export const installed = installedFor(line)

/** A clock on which waits before a further attempt take a twentieth of their time. */
export const quick: Sources = { ...systemSources, sleep: (delayMs, signal) => systemSources.sleep(delayMs / 20, signal) }

let count = 0

/** A registry that nobody else has: its registered models begin with a name of its own. */
export function newPrefix(): string {
  count += 1
  return `t${process.pid}-${count}-`
}

/** Opens a registry on the shared server; an empty one, unless a prefix is given that has been used. */
export function openShared(prefix = newPrefix()): Promise<Backend> {
  return openMlflowBackend({ address: installed.url, prefix, environment: {} })
}

function installedFor(line: Line): Installed {
  const found = inject('mlflow')[line]
  if (!found) throw new Error(`MLflow ${line} was not installed`)
  return found
}
