import { describe, expect, it } from 'vitest'
import { decodeState, encodeState } from '../../src/record/state-codec.js'
import type { ModelState } from '../../src/record/model-state.js'
import { birth, journalOf, NAME, newJournal, type Journal } from './journal-fixture.js'

function encoded(state: ModelState): Record<string, unknown> {
  return JSON.parse(JSON.stringify(encodeState(state))) as Record<string, unknown>
}

function full(): Journal {
  const journal = newJournal()
  const rich = birth({
    ...{ evaluations: [{ slice: 'site=berlin', metrics: { auc: 0.8 } }], featureImportance: { age: 0.4 }, signature: null },
    ...{ derivedFrom: [{ name: 'base', version: '1.0.0', digest: `sha256:${'0'.repeat(64)}`, relation: 'fine-tuned' }] },
    training: { startedAt: '2026-03-01T00:00:00.000Z', finishedAt: '2026-03-01T00:00:01.000Z', durationMs: 1, params: {}, series: {} }
  })
  journal.create()
  const newer = { newerField: { b: 2 } }
  journal.create({ birth: { ...rich, ...newer }, tags: { a: 'b' } })
  journal.create({ description: '', aliases: ['champion'] })
  journal.move('1.0.0', 'production')
  journal.move('1.0.1', 'production')
  journal.move('1.0.1', 'production', { audience: 'berlin' })
  journal.move('1.0.1', 'archived', { audience: 'berlin' })
  journal.update('1.0.2', { approval: { by: 'auditor', decision: 'approved' } })
  journal.remove('1.0.0')
  journal.move('1.0.2', 'staging', { reason: 'to be tried' })
  journal.append({ type: 'metadata.updated', data: { version: '1.0.1' } }, { opId: '__proto__', actor: 'me' })
  return journal
}

describe('encode and decode', () => {
  it.each([['an empty state', newJournal()], ['versions of every kind', full()]])('give back %s', (_, { state }) => {
    expect(decodeState(encoded(state), NAME)).toStrictEqual(state)
  })

  it('keep fields that are not known here, whatever their names', () => {
    const json = encoded(full().state)
    expect(json.extra).toEqual([[1, [['newerField', { b: 2 }]]]])
    const version = decodeState({ ...json, extra: [[1, [['newerField', { b: 2 }], ['__proto__', { a: 1 }]]]] }, NAME)?.versions[1] ?? {}
    expect(Object.entries(version)).toContainEqual(['newerField', { b: 2 }])
    expect(Object.getOwnPropertyDescriptor(version, '__proto__')?.value).toEqual({ a: 1 })
    expect(Object.getPrototypeOf(version)).toBe(Object.prototype)
  })

  it('store what versions have in common once, and share it after decoding', () => {
    const { state } = journalOf(50)
    const text = JSON.stringify(encodeState(state))
    expect(text.split('20.19.0')).toHaveLength(2)
    const versions = decodeState(JSON.parse(text), NAME)?.versions ?? []
    expect(new Set(versions.map(({ environment }) => environment)).size).toBe(1)
    expect(new Set(versions.map(({ hardware }) => hardware)).size).toBe(1)
    expect(new Set(versions.map(({ code }) => code)).size).toBe(1)
  })

  it('keep different environments apart', () => {
    const journal = journalOf(1)
    journal.create({ birth: birth({ environment: { state: 'unavailable', reason: 'off' } }) })
    const versions = decodeState(encoded(journal.state), NAME)?.versions ?? []
    expect(versions.map(({ environment }) => environment.state)).toEqual(['captured', 'unavailable'])
  })
})

describe('what is not an encoded state gives undefined', () => {
  it.each([[null], ['text'], [[]], [{}], [{ format: 2 }]])('%j', (json) => {
    expect(decodeState(json, NAME)).toBeUndefined()
  })

  const sound = encoded(full().state)

  it('another format', () => {
    expect(decodeState({ ...sound, format: 1 }, NAME)).toBeUndefined()
  })

  it.each(Object.keys(sound))('%s missing, or of another shape', (field) => {
    for (const value of [undefined, null, 7, 'text', { values: [], at: [9] }, [[99, 'x']]]) {
      if (field === 'createdTs' && value === 7) continue
      if (field === 'everLive' && Array.isArray(value)) continue
      expect(decodeState({ ...sound, [field]: value }, NAME), `${field} = ${JSON.stringify(value)}`).toBeUndefined()
    }
  })

  it.each(['version', 'digest', 'metrics', 'enteredStageAt'])('%s shorter than the others', (field) => {
    expect(decodeState({ ...sound, [field]: [] }, NAME)).toBeUndefined()
  })
})
