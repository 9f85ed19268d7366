import type { Backend } from '../backends/backend.js'
import { StemmaError } from '../errors/stemma-error.js'

type Method = { [Name in keyof Backend]: Backend[Name] extends (...args: never) => unknown ? Name : never }[keyof Backend]

const METHODS: Readonly<Record<Method, true>> = {
  keepBlobs: true,
  putBlobs: true,
  openBlob: true,
  localBlobPath: true,
  createVersion: true,
  transition: true,
  rollback: true,
  updateMetadata: true,
  deleteVersion: true,
  resolve: true,
  models: true,
  versions: true,
  search: true,
  history: true,
  lineage: true,
  verify: true,
  collectGarbage: true,
  changes: true,
  resolveCommit: true,
  close: true
}

/** Whether it has what verbs call: one that lacks something should not fail when a model was half logged. @throws {StemmaError} INVALID_INPUT */
export function checkBackend(backend: unknown): void {
  const hint = 'Pass an open backend; what it has to have, docs/custom-backends.md says, and backendConformance of stemma/testing tries.'
  if (typeof backend !== 'object' || backend === null || 'then' in backend) {
    const found = backend === null ? 'null' : typeof backend === 'object' ? 'a promise: await it' : typeof backend
    throw new StemmaError('INVALID_INPUT', `createRegistry: wanted a backend, found ${found}`, { hint })
  }
  const fields = new Map<string, unknown>(Object.keys(METHODS).map((name) => [name, Reflect.get(backend, name)]))
  const missing = [...fields].filter(([, field]) => typeof field !== 'function').map(([name]) => name)
  if (typeof Reflect.get(backend, 'location') !== 'string') missing.push('location')
  if (missing.length === 0) return
  throw new StemmaError('INVALID_INPUT', `createRegistry: the backend lacks ${missing.join(', ')}`, { hint, details: { missing } })
}
