import { describe, expect, it } from 'vitest'
import { openMlflowBackend } from '../../src/backends/mlflow/open-mlflow.js'
import { toReference } from '../../src/record/parse-reference.js'
import { all, logVersion, move } from '../../src/testing/conformance/fixtures.js'
import { second, startGate } from './gate.js'
import { installed, line, newPrefix, openShared } from './open.js'
import { mlflowGet, seenAliases, seenVersions } from './rest.js'

const { url } = installed

describe(`MLflow ${line}: what others see`, () => {
  it('shows versions with stages, aliases, tags, params and metrics', async () => {
    const prefix = newPrefix()
    await using backend = await disposable(openShared(prefix))
    const name = `${prefix}risk~credit-score`
    const birth = { params: { depth: 3, kind: 'tree' }, metrics: { auc: 0.9 }, datasets: [{ name: 'loans', digest: `sha256:${'a'.repeat(64)}`, role: 'training' }] }
    await logVersion(backend, 'risk/credit-score', { birth, tags: { site: 'berlin' }, description: 'first', aliases: ['champion'] })
    await logVersion(backend, 'risk/credit-score', { files: { 'model.bin': 'second' } })
    await move(backend, 'risk/credit-score#1', 'production')
    await move(backend, 'risk/credit-score#1', 'production', { audience: 'berlin' })
    await move(backend, 'risk/credit-score#2', 'staging')

    const [first, second] = await seenVersions(url, name)
    expect([first?.current_stage, second?.current_stage]).toEqual(['Production', 'Staging'])
    expect(await seenAliases(url, name)).toEqual({ champion: '1', production: '1', 'production-berlin': '1', staging: '2' })
    expect(first?.description).toBe('first')
    expect(tagsOf(first)).toMatchObject({ site: 'berlin', 'stemma.version': '1.0.0', 'stemma.stage': 'production (berlin, default)' })

    const { run } = (await mlflowGet(url, 'runs/get', { run_id: first?.run_id ?? '' })) as { run: Run }
    expect(run.info.status).toBe('FINISHED')
    expect(run.data.params).toEqual(expect.arrayContaining([{ key: 'depth', value: '3' }, { key: 'kind', value: 'tree' }]))
    expect(run.data.metrics.find(({ key }) => key === 'auc')?.value).toBe(0.9)
    expect(run.inputs.dataset_inputs[0]?.dataset.name).toBe('loans')

    await move(backend, 'risk/credit-score#2', 'production')
    expect((await seenVersions(url, name)).map(({ current_stage }) => current_stage)).toEqual(['Production', 'Production'])
    await move(backend, 'risk/credit-score#2', 'production', { audience: 'berlin' })
    expect((await seenVersions(url, name)).map(({ current_stage }) => current_stage)).toEqual(['Archived', 'Production'])
    expect(await seenAliases(url, name)).toEqual({ champion: '1', production: '2', 'production-berlin': '2' })

    await backend.rollback({ name: 'risk/credit-score', audience: 'default' }, {})
    expect(await seenAliases(url, name)).toEqual({ champion: '1', production: '1', 'production-berlin': '2' })

    const reference = toReference('risk/credit-score#1')
    await backend.updateMetadata({ reference, tags: { site: null, owner: 'risk' }, description: null, metrics: { f1: 0.5 }, removeAliases: ['champion'] }, {})
    const [changed] = await seenVersions(url, name)
    expect(changed?.description ?? '').toBe('')
    expect(tagsOf(changed)).toMatchObject({ owner: 'risk' })
    expect(tagsOf(changed)).not.toHaveProperty('site')
    expect(await seenAliases(url, name)).not.toHaveProperty('champion')
  })

  it('takes a deleted version away, and its aliases with it', async () => {
    const prefix = newPrefix()
    await using backend = await disposable(openShared(prefix))
    await logVersion(backend, 'm')
    await logVersion(backend, 'm', { aliases: ['best'] })
    await backend.deleteVersion({ reference: toReference('m#2'), reason: 'leak' }, {})
    expect((await seenVersions(url, `${prefix}m`)).map(({ version }) => version)).toEqual(['1'])
    expect(await seenAliases(url, `${prefix}m`)).toEqual({})
  })

  it('sets right what it has shown late, over what another client showed of a later promotion', async () => {
    const prefix = newPrefix()
    const name = `${prefix}m`
    const gates = [await startGate(url), await startGate(url)] as const
    const [slow, fast] = await Promise.all(gates.map((gate) => openMlflowBackend({ address: gate.url, prefix, environment: {} })))
    if (!slow || !fast) throw new Error('a client is missing')
    for (let count = 0; count < 3; count += 1) await logVersion(slow, 'm')
    await move(slow, 'm#1', 'production')

    // Number 2 is about to be shown, when number 3 takes its place and is shown, but for the mark of how far that got.
    gates[0].decide(second('/transition-stage', 'delay'))
    const promoting = move(slow, 'm#2', 'production')
    await gates[0].whenHeld()
    gates[1].decide((_, { url: path }) => (path?.endsWith('/registered-models/set-tag') === true ? 'delay' : 'pass'))
    const replacing = move(fast, 'm#3', 'production')
    await gates[1].whenHeld()
    // Now number 2 is shown, too late; and before it is looked at again, the mark says that all is well.
    gates[0].decide((_, { url: path }) => (path?.includes('/registered-models/get?') === true ? 'delay' : 'pass'))
    gates[0].release()
    await gates[0].whenHeld(2)
    expect((await seenVersions(url, name)).filter(({ current_stage }) => current_stage === 'Production')).toHaveLength(2)
    gates[1].release()
    await replacing
    gates[0].decide(() => 'pass')
    gates[0].release()
    await promoting

    expect((await seenVersions(url, name)).map(({ current_stage }) => current_stage)).toEqual(['Archived', 'Archived', 'Production'])
    expect(await seenAliases(url, name)).toEqual({ production: '3' })
    for (const backend of [slow, fast]) await backend.close()
    for (const gate of gates) await gate.close()
  })

  it('ends sixteen promotions at the same time, by as many clients, with one version in Production', async () => {
    const prefix = newPrefix()
    const clients = await Promise.all(Array.from({ length: 16 }, () => openShared(prefix)))
    const [first] = clients
    if (!first) throw new Error('no client')
    for (let count = 0; count < 16; count += 1) await logVersion(first, 'm')
    await Promise.all(clients.map((client, index) => move(client, `m#${index + 1}`, 'production')))
    const live = (await all(first.versions('m', { includeDeleted: false }))).filter(({ stage }) => stage === 'production')
    expect(live).toHaveLength(1)
    const seen = await seenVersions(url, `${prefix}m`)
    expect(seen.filter(({ current_stage }) => current_stage === 'Production').map(({ version }) => Number(version))).toEqual([live[0]?.sequence])
    expect(await seenAliases(url, `${prefix}m`)).toEqual({ production: String(live[0]?.sequence) })
    await Promise.all(clients.map((client) => client.close()))
  })
})

interface Run {
  info: { status: string }
  data: { params: { key: string; value: string }[]; metrics: { key: string; value: number }[] }
  inputs: { dataset_inputs: { dataset: { name: string } }[] }
}

function tagsOf(version: { tags?: { key: string; value: string }[] } | undefined): Record<string, string> {
  return Object.fromEntries((version?.tags ?? []).map(({ key, value }) => [key, value]))
}

async function disposable<T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T & AsyncDisposable> {
  const opened = await opening
  return Object.assign(opened, { [Symbol.asyncDispose]: () => opened.close() })
}
