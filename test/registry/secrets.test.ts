import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { openRegistry } from '../../src/registry/open-registry.js'
import type { Registry } from '../../src/registry/registry.js'
import { startTraining } from '../../src/registry/start-training.js'
import { errorOf, logSmall, temporaryFolder, testRegistry } from '../support/test-registry.js'

// Put together here, so that no scanner of this repository takes it for one.
const TOKEN = ['ghp', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'].join('_')

function trainingWith(name: string): ReturnType<typeof startTraining> {
  const training = startTraining()
  training.metric(name, 1)
  return training
}

const PLACES: Readonly<Record<string, (registry: Registry) => Promise<unknown>>> = {
  params: (registry) => logSmall(registry, 'new', 'x', { params: { a: TOKEN } }),
  'the name of a param': (registry) => logSmall(registry, 'new', 'x', { params: { [TOKEN]: 1 } }),
  'the name of a metric': (registry) => logSmall(registry, 'new', 'x', { metrics: { [TOKEN]: 1 } }),
  'the name of a feature': (registry) => logSmall(registry, 'new', 'x', { featureImportance: { [TOKEN]: 1 } }),
  'the name of a metric of an evaluation': (registry) => logSmall(registry, 'new', 'x', { evaluations: [{ metrics: { [TOKEN]: 1 } }] }),
  'the name of a metric of a training': (registry) => logSmall(registry, 'new', 'x', { training: trainingWith(TOKEN) }),
  tags: (registry) => logSmall(registry, 'new', 'x', { tags: { a: TOKEN } }),
  description: (registry) => logSmall(registry, 'new', 'x', { description: `see ${TOKEN}` }),
  signature: (registry) => logSmall(registry, 'new', 'x', { signature: [TOKEN] }),
  aliases: (registry) => logSmall(registry, 'new', 'x', { aliases: [TOKEN] }),
  'the name of the model': (registry) => logSmall(registry, TOKEN, 'x'),
  'the name of a data set': (registry) => logSmall(registry, 'new', 'x', { datasets: [{ name: TOKEN }] }),
  'the actor of a log': (registry) => registry.logModel({ name: 'new', artifacts: { a: 'x' }, capture: false }, { actor: `https://ci:${TOKEN}@host` }),
  'the operation id of a log': (registry) => registry.logModel({ name: 'new', artifacts: { a: 'x' }, capture: false }, { operationId: TOKEN }),
  'the reason of a transition': (registry) => registry.transitionStage('m', 'staging', { reason: TOKEN }),
  'the audience of a transition': (registry) => registry.transitionStage('m', 'production', { audience: TOKEN }),
  'the actor of a transition': (registry) => registry.transitionStage('m', 'staging', { actor: TOKEN }),
  'the operation id of a transition': (registry) => registry.transitionStage('m', 'staging', { operationId: TOKEN }),
  'the actor of a rollback': (registry) => registry.rollback('m', { actor: TOKEN }),
  'the actor of a deletion': (registry) => registry.deleteVersion('m#1', { reason: 'x', actor: TOKEN }),
  'an updated tag': (registry) => registry.updateMetadata('m', { tags: { a: TOKEN } }),
  'an updated metric': (registry) => registry.updateMetadata('m', { metrics: { [TOKEN]: 1 } }),
  'an updated alias': (registry) => registry.updateMetadata('m', { aliases: [TOKEN] }),
  'who approved': (registry) => registry.updateMetadata('m', { approval: { by: TOKEN, decision: 'approved' } }),
  'the comment of an approval': (registry) => registry.updateMetadata('m', { approval: { by: 'x', decision: 'approved', comment: TOKEN } })
}

function journalsOf(root: string): string {
  const folder = join(root, 'models')
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names.map((name) => (statSync(join(folder, name)).isFile() ? readFileSync(join(folder, name), 'utf8') : name)).join('\n')
}

describe('a token', () => {
  it.each(Object.entries(PLACES))('is refused in %s, and told to nobody', async (_, put) => {
    const root = join(temporaryFolder(), 'store')
    const say = vi.fn()
    const registry = await testRegistry(root, { logger: { debug: say, info: say, warn: say, error: say } })
    await logSmall(registry, 'm', 'x')
    const before = journalsOf(root)
    const error = await errorOf(put(registry))
    expect(error.code).toBe('SECRET_IN_METADATA')
    expect(JSON.stringify(error) + String(error.stack)).not.toContain(TOKEN)
    expect(JSON.stringify(say.mock.calls)).not.toContain(TOKEN)
    expect(journalsOf(root)).toBe(before)
  })

  it('is refused as the actor of a registry, given or from STEMMA_ACTOR', async () => {
    expect((await errorOf(openRegistry('memory:', { actor: TOKEN }))).code).toBe('SECRET_IN_METADATA')
    vi.stubEnv('STEMMA_ACTOR', `https://ci:${TOKEN}@host`)
    const error = await errorOf(openRegistry('memory:'))
    vi.unstubAllEnvs()
    expect(error.code).toBe('SECRET_IN_METADATA')
    expect(JSON.stringify(error)).not.toContain(TOKEN)
  })

  it('is not seen in an operation id that is only random', async () => {
    const registry = await testRegistry()
    const operationId = ['V1StGXR8', 'Z5jdHi6B', 'myT9xQ2w', 'Lk4PqR7s'].join('_')
    await registry.logModel({ name: 'm', artifacts: { a: 'x' }, capture: false }, { operationId })
    expect((await registry.getVersion('m')).version).toBe('1.0.0')
  })
})

describe('metadata', () => {
  it('of several kinds is measured each by itself', async () => {
    const registry = await testRegistry()
    const tags = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`tag-${index}`, 'word '.repeat(900)]))
    const params = Object.fromEntries(Array.from({ length: 9_000 }, (_, index) => [`p${index}`, index]))
    const logged = await logSmall(registry, 'm', 'x', { tags, params, evaluations: [{ slice: 'a', metrics: { auc: 0.9 } }] })
    expect(Object.keys(logged.tags)).toHaveLength(150)
  })

  it('may not go deeper in the params of a training than anywhere else', async () => {
    const registry = await testRegistry()
    const training = startTraining().finish()
    const deep: unknown = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000))
    const error = await errorOf(logSmall(registry, 'm', 'x', { training: Object.assign({}, training, { params: { deep } }) }))
    expect(error.code).toBe('INVALID_METADATA')
  })
})
