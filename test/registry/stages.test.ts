import { describe, expect, it } from 'vitest'
import { fixedSources } from '../support/fixed-sources.js'
import { all, errorOf, logSmall, temporaryFolder, testRegistry } from '../support/test-registry.js'

describe('transitionStage', () => {
  it('takes an audience from the version that had it, in one event', async () => {
    const registry = await testRegistry('memory:', { actor: 'release-bot' })
    await logSmall(registry, 'shop', 'a')
    await logSmall(registry, 'shop', 'b')
    await registry.transitionStage('shop@1.0.0', 'production', { audience: 'bucket-a' })
    await registry.transitionStage('shop@1.0.0', 'production', { audience: 'bucket-b' })
    const moved = await registry.transitionStage('shop@1.0.1', 'production', { audience: 'bucket-b', expectedCurrent: '1.0.0', reason: 'auc +0.02' })
    expect(moved).toMatchObject({ version: '1.0.1', stage: 'production', audiences: ['bucket-b'] })
    expect(await registry.getVersion('shop@1.0.0')).toMatchObject({ stage: 'production', audiences: ['bucket-a'] })
    expect((await registry.getVersion('shop@production?audience=bucket-a')).version).toBe('1.0.0')
    const [last] = (await all(registry.history('shop'))).slice(-1)
    expect(last).toMatchObject({ type: 'transition', version: '1.0.1', replaced: '1.0.0', actor: 'release-bot', audience: 'bucket-b', reason: 'auc +0.02' })
  })

  it('refuses when another version is live than expected, and names it', async () => {
    const registry = await testRegistry()
    await logSmall(registry, 'shop', 'a')
    await logSmall(registry, 'shop', 'b')
    await registry.transitionStage('shop@1.0.0', 'production', { expectedCurrent: null })
    const error = await errorOf(registry.transitionStage('shop@1.0.1', 'production', { expectedCurrent: null }))
    expect(error).toMatchObject({ code: 'CONFLICT', details: { current: '1.0.0', expected: null } })
    expect((await registry.getVersion('shop@production')).version).toBe('1.0.0')
  })

  it.each([
    ['shop@1.0.0', "'1.0.0'"],
    ['production', "'1.0.2'"],
    ['v1', "'1.0.2'"],
    ['#1', "'1.0.2'"],
    ['', "'1.0.2'"]
  ])('refuses %j as expectedCurrent, and shows the form that is wanted', async (expectedCurrent, shown) => {
    const registry = await testRegistry()
    const refused = { code: 'INVALID_INPUT', message: expect.stringContaining('expectedCurrent') as unknown, hint: expect.stringContaining(shown) as unknown }
    expect(await errorOf(registry.transitionStage('shop', 'production', { expectedCurrent }))).toMatchObject(refused)
    expect(await errorOf(registry.rollback('shop', { expectedCurrent }))).toMatchObject(refused)
  })

  it('takes a version as expectedCurrent with a v in front, too', async () => {
    const registry = await testRegistry()
    await logSmall(registry, 'shop', 'a')
    await logSmall(registry, 'shop', 'b')
    await registry.transitionStage('shop@1.0.0', 'production')
    expect((await registry.transitionStage('shop@1.0.1', 'production', { expectedCurrent: 'v1.0.0' })).version).toBe('1.0.1')
  })

  it('writes no event for a move to where the version is', async () => {
    const registry = await testRegistry()
    await logSmall(registry, 'shop', 'a')
    await registry.transitionStage('shop', 'staging')
    await registry.transitionStage('shop', 'staging')
    expect(await all(registry.history('shop'))).toHaveLength(2)
  })

  it('keeps the rules of the registry', async () => {
    const policy = { stages: ['canary'], forbiddenMoves: [{ from: 'none', to: 'production', because: 'try it first' }], reasonRequiredFor: ['production'] }
    const registry = await testRegistry(temporaryFolder(), { policy })
    await logSmall(registry, 'shop', 'a')
    expect(await errorOf(registry.transitionStage('shop', 'production', { reason: 'now' }))).toMatchObject({
      code: 'FORBIDDEN_BY_RULE',
      message: expect.stringContaining('try it first') as unknown
    })
    await registry.transitionStage('shop', 'canary')
    expect((await errorOf(registry.transitionStage('shop', 'production'))).code).toBe('FORBIDDEN_BY_RULE')
    expect((await registry.transitionStage('shop', 'production', { reason: 'canary was fine' })).stage).toBe('production')
  })

  it.each([
    ['an unknown stage', 'prodction', {}, 'INVALID_STAGE'],
    ['an audience without production', 'staging', { audience: 'berlin' }, 'INVALID_STAGE'],
    ['a secret as the reason', 'staging', { reason: 'ghp_0123456789abcdefghijABCDEFGHIJ012345' }, 'SECRET_IN_METADATA'],
    ['two lines as the actor', 'staging', { actor: 'ann\n2026-01-01 bob' }, 'INVALID_INPUT'],
    ['a number as the actor', 'staging', { actor: 7 as unknown as string }, 'INVALID_INPUT']
  ])('refuses %s', async (_title, stage, options, code) => {
    const registry = await testRegistry()
    await logSmall(registry, 'shop', 'a')
    expect((await errorOf(registry.transitionStage('shop', stage, options))).code).toBe(code)
    expect(await all(registry.history('shop'))).toHaveLength(1)
  })

  it('lets one of many parallel promotions win each compare-and-set', async () => {
    const registry = await testRegistry(temporaryFolder())
    const count = 8
    for (let index = 0; index < count; index++) await logSmall(registry, 'shop', `v${index}`)
    const outcomes = await Promise.allSettled(
      Array.from({ length: count }, (_, index) => registry.transitionStage(`shop#${index + 1}`, 'production', { expectedCurrent: null }))
    )
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1)
    const live = (await all(registry.versions('shop'))).filter((version) => version.stage === 'production')
    expect(live).toHaveLength(1)
  })
})

describe('rollback', () => {
  it('goes back step by step, and says what and why', async () => {
    const registry = await testRegistry()
    for (const content of ['a', 'b', 'c']) {
      const { version } = await logSmall(registry, 'shop', content)
      await registry.transitionStage(`shop@${version}`, 'production')
    }
    expect((await registry.rollback('shop', { reason: 'errors doubled', actor: 'oncall' })).version).toBe('1.0.1')
    expect((await registry.rollback('shop')).version).toBe('1.0.0')
    expect((await errorOf(registry.rollback('shop'))).code).toBe('NOT_FOUND')
    const rollbacks = (await all(registry.history('shop'))).filter((entry) => entry.type === 'rollback')
    expect(rollbacks[0]).toMatchObject({ version: '1.0.1', replaced: '1.0.2', reason: 'errors doubled', actor: 'oncall' })
  })

  it('goes to the version named', async () => {
    const registry = await testRegistry()
    for (const content of ['a', 'b', 'c']) {
      const { version } = await logSmall(registry, 'shop', content)
      await registry.transitionStage(`shop@${version}`, 'production')
    }
    expect((await registry.rollback('shop', { to: '1.0.0', expectedCurrent: '1.0.2' })).version).toBe('1.0.0')
    expect((await registry.rollback('shop', { to: '#3' })).version).toBe('1.0.2')
    expect((await errorOf(registry.rollback('shop', { to: '1.0.0', expectedCurrent: '1.0.1' }))).code).toBe('CONFLICT')
  })

  it('touches one audience only', async () => {
    const registry = await testRegistry()
    await logSmall(registry, 'shop', 'a')
    await logSmall(registry, 'shop', 'b')
    for (const audience of ['berlin', 'paris']) await registry.transitionStage('shop#1', 'production', { audience })
    for (const audience of ['berlin', 'paris']) await registry.transitionStage('shop#2', 'production', { audience })
    await registry.rollback('shop', { audience: 'berlin' })
    expect((await registry.getVersion('shop@production?audience=berlin')).sequence).toBe(1)
    expect((await registry.getVersion('shop@production?audience=paris')).sequence).toBe(2)
  })
})

describe('past states', () => {
  it('answers what was live then, and why', async () => {
    const sources = fixedSources({ startMs: Date.UTC(2026, 1, 1) })
    const registry = await testRegistry('memory:', { sources })
    const day = 86_400_000
    await logSmall(registry, 'credit', 'a')
    await registry.transitionStage('credit#1', 'production', { reason: 'first' })
    sources.advance(40 * day)
    await logSmall(registry, 'credit', 'b')
    await registry.transitionStage('credit#2', 'production', { reason: 'better' })
    const live = { audience: 'default', at: '2026-02-01T00:00:00.001Z', reason: 'first', action: 'transition' }
    expect(await registry.getVersion('credit@production?at=2026-03-01')).toMatchObject({ version: '1.0.0', stageSince: { reason: 'first' }, live: [live] })
    const since = { at: expect.stringMatching(/^2026-03-13/) as unknown, reason: 'better', action: 'transition', replacedBy: '1.0.1' }
    expect(await registry.getVersion('credit@1.0.0')).toMatchObject({ stage: 'archived', stageSince: since, live: [] })
    expect((await all(registry.search({ where: { 'stageSince.replacedBy': '1.0.1', 'stageSince.at': { gte: '2026-03-13' } } }))).map(({ version }) => version)).toEqual(['1.0.0'])
    expect((await all(registry.search("live.audience = 'default' and live.reason = 'better'"))).map(({ version }) => version)).toEqual(['1.0.1'])
    expect((await registry.getVersion('credit@production')).version).toBe('1.0.1')
    expect((await registry.getVersion({ name: 'credit', at: '2026-03-01' })).version).toBe('1.0.0')
    expect((await errorOf(registry.getVersion('credit@production?at=2026-01-01'))).code).toBe('NOT_FOUND')
  })
})

describe('updateMetadata', () => {
  it('changes what is named, keeps the rest, and keeps old values readable', async () => {
    const registry = await testRegistry()
    await logSmall(registry, 'shop', 'a', { metrics: { auc: 0.9 }, tags: { site: 'berlin', owner: 'x' } })
    const changed = await registry.updateMetadata('shop', {
      tags: { site: 'paris', owner: null },
      metrics: { auc: 0.91, week1: 0.88 },
      description: 'after a week',
      aliases: ['champion'],
      approval: { by: 'ethics-board', decision: 'approved', comment: 'looked at slices' }
    })
    expect(changed).toMatchObject({
      tags: { site: 'paris' },
      metrics: { auc: 0.91, week1: 0.88 },
      description: 'after a week',
      aliases: ['champion'],
      approvals: [{ by: 'ethics-board', decision: 'approved', comment: 'looked at slices' }]
    })
    const entry = (await all(registry.history('shop@champion'))).at(-1)
    expect(entry?.changes).toContainEqual({ version: '1.0.0', field: 'metrics.auc', from: 0.9, to: 0.91 })
    expect(entry?.changes).toContainEqual({ version: '1.0.0', field: 'tags.owner', from: 'x' })
  })

  it('moves an alias', async () => {
    const registry = await testRegistry()
    await logSmall(registry, 'shop', 'a', { aliases: ['champion'] })
    await logSmall(registry, 'shop', 'b')
    await registry.updateMetadata('shop#2', { aliases: ['champion'] })
    expect((await registry.getVersion('shop@champion')).sequence).toBe(2)
    expect((await registry.getVersion('shop#1')).aliases).toEqual([])
  })

  const refused: [string, Record<string, unknown>, string][] = [
    ['nothing', {}, 'INVALID_INPUT'],
    ['an unknown field', { tag: {} }, 'INVALID_INPUT'],
    ['an alias that is a version', { aliases: ['1.0.0'] }, 'INVALID_ALIAS'],
    ['a metric that is infinite', { metrics: { auc: Infinity } }, 'INVALID_METADATA'],
    ['a secret', { tags: { key: 'AKIAIOSFODNN7EXAMPLE' } }, 'SECRET_IN_METADATA']
  ]
  it.each(refused)('refuses %s', async (_title, changes, code) => {
    const registry = await testRegistry()
    await logSmall(registry, 'shop', 'a')
    expect((await errorOf(registry.updateMetadata('shop', changes))).code).toBe(code)
  })
})

describe('deleteVersion', () => {
  it('leaves a tombstone: no load, no promotion, no reuse of the number, but the history', async () => {
    const registry = await testRegistry()
    await logSmall(registry, 'shop', 'a')
    await logSmall(registry, 'shop', 'b')
    await registry.deleteVersion('shop@1.0.1', { reason: 'withdrawn data', actor: 'privacy' })
    expect((await errorOf(registry.getModel('shop@1.0.1'))).code).toBe('VERSION_DELETED')
    expect((await errorOf(registry.transitionStage('shop#2', 'staging'))).code).toBe('VERSION_DELETED')
    expect((await registry.getVersion('shop')).version).toBe('1.0.0')
    expect((await all(registry.versions('shop', { includeDeleted: true }))).map((version) => version.deleted?.reason)).toEqual(['withdrawn data', undefined])
    expect((await logSmall(registry, 'shop', 'c')).version).toBe('1.0.2')
    expect((await all(registry.history('shop@1.0.1'))).at(-1)).toMatchObject({ type: 'deleted', reason: 'withdrawn data', actor: 'privacy' })
  })

  it('refuses a version in production, and a deletion without a reason', async () => {
    const registry = await testRegistry()
    await logSmall(registry, 'shop', 'a')
    await registry.transitionStage('shop', 'production')
    expect((await errorOf(registry.deleteVersion('shop#1', { reason: 'old' }))).code).toBe('CONFLICT')
    expect((await errorOf(registry.deleteVersion('shop', { reason: 'old' }))).code).toBe('INVALID_REFERENCE')
    expect((await errorOf(registry.deleteVersion('shop#1', { reason: '' }))).code).toBe('INVALID_INPUT')
  })
})
