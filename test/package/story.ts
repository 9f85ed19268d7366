/** What a program takes from each entry of the package: all of them are used in every kind of project. */
export const IMPORTS: Readonly<Record<string, readonly string[]>> = {
  stemma: ['StemmaError', 'getModel', 'isStemmaError', 'logModel', 'openRegistry', 'transitionStage'],
  'stemma/schemas': ['modelVersionSchema'],
  'stemma/backends': ['createJournalBackend'],
  'stemma/server': ['createServer', 'createToken'],
  'stemma/testing': ['createTestRegistry', 'onnxModel']
}

/** As an ES module names them. */
export const IMPORT_LINES = Object.entries(IMPORTS).map(([entry, names]) => `import { ${names.join(', ')} } from '${entry}'`).join('\n')

/** As a CommonJS module names them. */
export const REQUIRE_LINES = Object.entries(IMPORTS).map(([entry, names]) => `const { ${names.join(', ')} } = require('${entry}')`).join('\n')

/** A function `story`, in JavaScript that is TypeScript too: logs, promotes and serves, and uses each entry. */
export const STORY = `
async function story() {
  const version = await logModel({ name: 'm', artifacts: { 'model.bin': 'weights' }, metrics: { auc: 0.93 } })
  await transitionStage('m', 'production', { reason: 'first release' })
  const model = await getModel('m@production')
  if (Buffer.from(await model.read('model.bin')).toString() !== 'weights') throw new Error('other bytes')
  if (modelVersionSchema.parse(version).version !== '1.0.0') throw new Error('another version')
  const error = await getModel('nobody@production').catch((reason) => reason)
  if (!(error instanceof StemmaError) || !isStemmaError(error) || error.code !== 'NOT_FOUND') throw error
  for (const each of [createJournalBackend, createServer, openRegistry]) if (typeof each !== 'function') throw new Error('an entry is empty')
  if (!createToken({ name: 'ci', scopes: ['read'] }).token.startsWith('stemma_')) throw new Error('no token')
  const registry = createTestRegistry()
  const logged = await registry.logModel({ name: 'in-memory', artifacts: onnxModel() })
  if (logged.createdAt !== (await registry.getVersion('in-memory@1.0.0')).createdAt) throw new Error('another time')
  await registry.close()
  return version.digest
}
`

/** What a program prints when all went well: the digest of its one version. */
export const DIGEST = /^sha256:[0-9a-f]{64}\n$/

/** Only for the compiler: types of each entry are there, and are not `any`. */
export const TYPES = `
import type { LoadedModel, ModelVersion } from 'stemma'
import type { Backend } from 'stemma/backends'
import type { ModelEvent } from 'stemma/schemas'
import type { StemmaServer } from 'stemma/server'
import type { TestRegistry } from 'stemma/testing'

export type Nouns = [Backend, LoadedModel, ModelEvent, ModelVersion, StemmaServer, TestRegistry]
export async function typed(): Promise<string> {
  await using registry = await openRegistry('./models')
  const version: ModelVersion = await registry.getVersion('m@production')
  // @ts-expect-error a version has no such field
  version.nonsense()
  // @ts-expect-error a metric is a number
  await registry.logModel({ name: 'm', artifacts: './out', metrics: { auc: 'high' } })
  // @ts-expect-error there is no such option
  createServer({ nonsense: true })
  return version.digest
}
`
