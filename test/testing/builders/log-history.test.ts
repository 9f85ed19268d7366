import { describe, expect, it } from 'vitest'
import { logHistory } from '../../../src/testing/builders/log-history.js'
import { logVersions } from '../../../src/testing/builders/log-versions.js'
import { createTestRegistry } from '../../../src/testing/create-test-registry.js'
import { all } from '../../support/test-registry.js'

describe('logVersions', () => {
  it('logs as many versions as are asked for, each with bytes of its own', async () => {
    await using registry = createTestRegistry()
    const versions = await logVersions(registry, 'credit-score', 3)
    expect(versions.map(({ version }) => version)).toEqual(['1.0.0', '1.0.1', '1.0.2'])
    expect(new Set(versions.map(({ digest }) => digest)).size).toBe(3)
  })

  it('logs what is said about each', async () => {
    await using registry = createTestRegistry()
    const versions = await logVersions(registry, 'm', [{ metrics: { auc: 0.91 } }, { bump: 'minor', artifacts: { a: 'x' } }])
    expect(versions).toMatchObject([{ version: '1.0.0', metrics: { auc: 0.91 } }, { version: '1.1.0', artifacts: [{ path: 'a' }] }])
  })
})

describe('logHistory', () => {
  it('lets a model live through a story, a day a step', async () => {
    await using registry = createTestRegistry()
    const points = await logHistory(registry, 'triage', [
      { log: {} },
      { promote: '1.0.0', audience: 'berlin' },
      { log: { metrics: { auc: 0.93 } } },
      { promote: true, audience: 'berlin', reason: 'better at night', actor: 'ana' },
      { rollback: true, audience: 'berlin', reason: 'false alarms' },
      { stage: 'staging', version: '1.0.1' },
      { delete: '1.0.1', reason: 'bad data' }
    ])
    expect(points.map(({ at, version: { version, stage } }) => `${at.slice(0, 10)} ${version} ${stage}`)).toEqual([
      '2026-01-01 1.0.0 none',
      '2026-01-02 1.0.0 production',
      '2026-01-03 1.0.1 none',
      '2026-01-04 1.0.1 production',
      '2026-01-05 1.0.0 production',
      '2026-01-06 1.0.1 staging',
      '2026-01-07 1.0.1 archived'
    ])
    const liveAt = async (index: number) => (await registry.getVersion(`triage@production?audience=berlin&at=${points[index]?.at}`)).version
    expect([await liveAt(1), await liveAt(3), await liveAt(4)]).toEqual(['1.0.0', '1.0.1', '1.0.0'])
    expect((await all(registry.history('triage'))).map(({ type, actor }) => `${type} ${actor ?? ''}`.trim())).toEqual([
      'created', 'transition', 'created', 'transition ana', 'rollback', 'transition', 'deleted'
    ])
  })

  it('goes at the pace that is asked for', async () => {
    await using registry = createTestRegistry()
    const points = await logHistory(registry, 'm', [{ log: {} }, { log: {} }], { stepMs: 1_000 })
    expect(points.map(({ at }) => at)).toEqual(['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:01.000Z'])
  })
})
