import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openRegistry, type OpenRegistryOptions } from '../../src/registry/open-registry.js'
import type { LogModelInput } from '../../src/registry/log-model.js'
import type { Registry } from '../../src/registry/registry.js'
import type { ModelVersion } from '../../src/schemas/model-version.js'
import type { StemmaError } from '../../src/errors/stemma-error.js'
import { isStemmaError } from '../../src/errors/stemma-error.js'

/** A folder that is removed when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stemma-test-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

/** A registry with a cache of its own, closed when the test is over. */
export async function testRegistry(target = 'memory:', options: OpenRegistryOptions = {}): Promise<Registry> {
  const registry = await openRegistry(target, { durability: 'none', cache: join(temporaryFolder(), 'cache'), ...options })
  onTestFinished(() => registry.close())
  return registry
}

/** Logs a small version without captures. */
export async function logSmall(registry: Registry, name: string, content: string, more: Partial<LogModelInput> = {}): Promise<ModelVersion> {
  return registry.logModel({ name, artifacts: { 'model.bin': content }, capture: false, ...more })
}

/** The StemmaError that a promise rejects with; anything else fails the test. */
export async function errorOf(promise: Promise<unknown>): Promise<StemmaError> {
  try {
    await promise
  } catch (error) {
    if (isStemmaError(error)) return error
    throw error
  }
  throw new Error('the call succeeded, though it should have failed')
}

/** All that an async iterable gives. */
export async function all<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of iterable) items.push(item)
  return items
}
