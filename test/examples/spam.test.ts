import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { getModel, getVersion, history, isStemmaError, logModel, search, transitionStage, type LogModelInput, type ModelVersion } from 'stemma'
import { liveAt, story } from '../../examples/spam/audit.js'
import { readFilter } from '../../examples/spam/files.js'
import { readMails } from '../../examples/spam/corpus.js'
import { drawLineage } from '../../examples/spam/lineage.js'
import { predict } from '../../examples/spam/model.js'
import { promote } from '../../examples/spam/promote.js'
import { goBack } from '../../examples/spam/rollback.js'
import { train } from '../../examples/spam/train.js'

const before = { registry: process.env['STEMMA_REGISTRY'], cache: process.env['STEMMA_CACHE'] }
let folder: string
let first: ModelVersion

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-examples-'))
  process.env['STEMMA_REGISTRY'] = join(folder, 'registry')
  process.env['STEMMA_CACHE'] = join(folder, 'cache')
  first = await train('first')
}, 60_000)

afterAll(async () => {
  restore('STEMMA_REGISTRY', before.registry)
  restore('STEMMA_CACHE', before.cache)
  await rm(folder, { recursive: true, force: true })
})

describe('the spam filter', () => {
  it('is logged with everything that made it', () => {
    expect(first).toMatchObject({ name: 'spam', version: '1.0.0', sequence: 1, stage: 'none', tags: { recipe: 'first' } })
    expect(first.artifacts.map(({ path, role, format }) => [path, role, format])).toEqual([
      ['config.json', 'config', 'json'],
      ['model.safetensors', 'weights', 'safetensors'],
      ['preprocessing/vocabulary.json', 'preprocessing', 'json']
    ])
    expect(first.params).toMatchObject({ vocabularySize: 500, epochs: 12, groups: ['easy-ham-1', 'spam-1'] })
    expect(first.metrics['accuracy']).toBeGreaterThan(0.93)
    expect(first.metrics['loss']).toBe(first.training?.series['loss']?.at(-1)?.value)
    expect(first.training?.series['loss']).toHaveLength(12)
    expect(first.evaluations.map(({ slice }) => slice)).toContain('group=hard-ham-1')
    expect(Object.keys(first.featureImportance)).toHaveLength(50)
    expect(first.datasets.map(({ name, role }) => [name, role])).toEqual([
      ['spam-assassin/easy-ham-1', 'training'],
      ['spam-assassin/spam-1', 'training']
    ])
    for (const { digest } of first.datasets) expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(first.environment.state).toBe('captured')
    expect(first.hardware.state).toBe('captured')
  })

  it('comes out the same, byte by byte, when it is trained again, and predicts the same after a round trip', async () => {
    const again = await train('first')
    expect(again).toMatchObject({ version: '1.0.1', digest: first.digest, metrics: first.metrics })
    const { filter } = await readFilter(await getModel('spam@1.0.1'))
    const mails = readMails('spam-2', 'test')
    const caught = mails.filter((mail) => predict(filter, mail.words) >= 0.5).length / mails.length
    expect(caught).toBe(again.evaluations.find(({ slice }) => slice === 'group=spam-2')?.metrics['caught'])
  })

  it('passes the gate only when it is nowhere worse than what is live', async () => {
    expect(await promote('spam@1.0.0')).toMatchObject({ promoted: true, previous: undefined, reasons: ['first release'] })

    const moreSpam = await train('more-spam')
    expect(moreSpam.metrics['accuracy']).toBeGreaterThan(first.metrics['accuracy'] ?? 1)
    const refused = await promote()
    expect(refused).toMatchObject({ promoted: false, candidate: { version: moreSpam.version } })
    expect(refused.reasons.join()).toContain('group=hard-ham-1/blocked')
    expect(await getVersion('spam@production')).toMatchObject({ version: '1.0.0' })

    const everything = await train('everything')
    expect(await promote()).toMatchObject({ promoted: true, candidate: { version: everything.version } })
    expect(await getVersion('spam@production')).toMatchObject({ version: everything.version, audiences: ['default'] })
    expect(await getVersion('spam@1.0.0')).toMatchObject({ stage: 'archived', audiences: [] })
  })

  it('is not promoted over a version that the gate has not seen', async () => {
    const conflict = transitionStage('spam@1.0.1', 'production', { expectedCurrent: '1.0.0' })
    await expect(conflict).rejects.toSatisfy((error) => isStemmaError(error, 'CONFLICT'))
    expect(await getVersion('spam@production')).toMatchObject({ version: '1.0.3' })
  })

  it('goes back, and tells what was live when, and why', async () => {
    expect(await goBack('newsletter readers complain')).toMatchObject({ version: '1.0.0', stage: 'production' })
    const entries = await collect(history('spam'))
    const rolledBack = entries.at(-1)
    expect(rolledBack).toMatchObject({ type: 'rollback', version: '1.0.0', replaced: '1.0.3', actor: 'on-call', reason: 'newsletter readers complain' })
    const promotedAt = entries.find((entry) => entry.type === 'transition' && entry.version === '1.0.3')?.at ?? ''
    expect(await liveAt(promotedAt)).toMatchObject({ version: { version: '1.0.3' }, since: { by: 'release-gate', action: 'transition', replaced: '1.0.0' } })
    expect(await liveAt(rolledBack?.at ?? '')).toMatchObject({ version: { version: '1.0.0' }, since: { action: 'rollback', by: 'on-call', reason: 'newsletter readers complain' } })
    expect((await story()).at(-1)).toContain('1.0.0 instead of 1.0.3: newsletter readers complain')
  })

  it('refuses what was not measured, on the whole or on a slice, and also as the first release', async () => {
    const { metrics, evaluations } = await getVersion('spam@production')
    const log = (fields: Partial<LogModelInput>): Promise<ModelVersion> => {
      return logModel({ name: 'spam', version: '9.0.0', artifacts: { 'a.txt': 'a' }, capture: false, metrics, evaluations, ...fields })
    }
    const { accuracy = 0, caught = 0 } = metrics
    await log({ version: '1.1.0-unmeasured.1', metrics: { accuracy, caught } })
    expect(await promote('spam@1.1.0-unmeasured.1')).toMatchObject({ promoted: false, reasons: ['blocked: not measured'] })
    await log({ version: '1.1.0-unmeasured.2', evaluations: evaluations.filter(({ slice }) => slice !== 'format=html') })
    const refused = await promote('spam@1.1.0-unmeasured.2')
    expect(refused.promoted).toBe(false)
    expect(refused.reasons).toContain('spam-assassin/format=html/accuracy: not measured')
    expect(await getVersion('spam@production')).toMatchObject({ version: '1.0.0' })

    process.env['STEMMA_REGISTRY'] = join(folder, 'empty')
    await log({ version: '1.0.0', metrics: {}, evaluations: [] })
    const first = await promote('spam@1.0.0')
    process.env['STEMMA_REGISTRY'] = join(folder, 'registry')
    expect(first).toMatchObject({ promoted: false, previous: undefined })
    expect(first.reasons).toEqual(['accuracy: not measured', 'blocked: not measured', 'caught: not measured'])
  })

  it('can be found, and shows where it came from', async () => {
    const found = await collect(search("metrics.blocked < 0.02 and tags.recipe = 'everything'"))
    expect(found.map(({ version }) => version)).toEqual(['1.0.3'])
    const drawing = await drawLineage('spam@1.0.3', 'mermaid')
    for (const group of ['easy-ham-1', 'easy-ham-2', 'hard-ham-1', 'spam-1', 'spam-2']) expect(drawing).toContain(`spam-assassin/${group}`)
    expect(await drawLineage('spam@1.0.3', 'dot')).toContain('digraph')
  })
})

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = []
  for await (const item of items) collected.push(item)
  return collected
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) Reflect.deleteProperty(process.env, name)
  else process.env[name] = value
}
