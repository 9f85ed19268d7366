import { describe, expect, it } from 'vitest'
import { applyEvent, emptyState } from '../../src/record/apply-event.js'
import { encodeState } from '../../src/record/state-codec.js'
import type { EventBody, ModelEvent } from '../../src/schemas/event.js'
import { birth, digestOf, journalOf, NAME, newJournal } from './journal-fixture.js'

const HASH = 'a'.repeat(64)

/** An event after the last one of a journal of two versions, the first of them live for `default`. */
function after(body: EventBody, changes: Partial<Pick<ModelEvent, 'n' | 'prev' | 'ts'>> = {}): () => void {
  const journal = journalOf(2)
  journal.move('1.0.0', 'production')
  const { n, hash, ts } = journal.state.head
  const envelope = { v: 1 as const, n: n + 1, prev: hash, commitId: 'c', ts: ts + 1, writer: { id: 'w', library: 'stemma/0' } }
  return () => {
    applyEvent(journal.state, { ...envelope, ...changes, ...body }, HASH)
  }
}

const tagged: EventBody = { type: 'metadata.updated', data: { version: '1.0.0', tags: { a: 'b' } } }

function created(version: string, sequence: number): EventBody {
  return {
    type: 'version.created',
    data: { version, sequence, digest: digestOf('x'), sizeBytes: 0, artifactCount: 0, birth: birth(), tags: {}, aliases: [] }
  }
}

function moved(version: string, from: string, to: string, more: Record<string, unknown> = {}): EventBody {
  return { type: 'stage.changed', data: { action: 'transition', version, from, to, ...more } }
}

describe('an event that contradicts the state', () => {
  it.each<[string, () => void]>([
    ['a place left out', after(tagged, { n: 4 })],
    ['a place taken', after(tagged, { n: 2 })],
    ['another chain', after(tagged, { prev: HASH })],
    ['a time that does not rise', after(tagged, { ts: 0 })],
    ['a number that is taken', after(created('1.0.0', 3))],
    ['a sequence that is taken', after(created('1.0.2', 2))],
    ['a sequence left out', after(created('1.0.2', 4))],
    ['an unknown version', after({ type: 'metadata.updated', data: { version: '7.0.0' } })],
    ['an unknown version moved', after(moved('7.0.0', 'none', 'staging'))],
    ['an unknown version deleted', after({ type: 'version.deleted', data: { version: '7.0.0', reason: 'r' } })],
    ['a version in production deleted', after({ type: 'version.deleted', data: { version: '1.0.0', reason: 'r' } })],
    ['another stage before', after(moved('1.0.1', 'staging', 'archived'))],
    ['production without an audience', after(moved('1.0.1', 'none', 'production'))],
    ['out of production with an audience left', after(moved('1.0.0', 'production', 'archived'))],
    ['an audience that it does not have given up', after(moved('1.0.0', 'production', 'archived', { released: ['berlin'] }))],
    ['an audience taken from nobody', after(moved('1.0.1', 'none', 'production', { audience: 'default' }))],
    ['an audience taken from another', after(moved('1.0.1', 'none', 'production', { audience: 'berlin', replaced: '1.0.0' }))],
    ['a replaced version left in production', after(moved('1.0.1', 'none', 'production', { audience: 'default', replaced: '1.0.0' }))],
    ['an audience taken twice', after(moved('1.0.0', 'production', 'production', { audience: 'default', replaced: '1.0.0' }))],
    ['a replacement without an audience', after(moved('1.0.1', 'none', 'staging', { replaced: '1.0.0' }))]
  ])('%s', (_, apply) => {
    const details: unknown = expect.objectContaining({ model: NAME, n: expect.any(Number) as unknown })
    expect(apply).toThrow(expect.objectContaining({ code: 'LOG_CORRUPT', details }))
  })

  it('leaves the state as it was', () => {
    const journal = journalOf(2)
    const before = JSON.stringify(encodeState(journal.state))
    expect(() => journal.append(moved('1.0.1', 'staging', 'archived'))).toThrow()
    expect(JSON.stringify(encodeState(journal.state))).toBe(before)
  })
})

it('a sound event after the same state is taken', () => {
  expect(after(tagged)).not.toThrow()
  expect(after(moved('1.0.1', 'none', 'production', { audience: 'default', replaced: '1.0.0', archived: ['1.0.0'] }))).not.toThrow()
})

it('remembers idempotency keys, head and times', () => {
  const journal = newJournal()
  journal.append(created('1.0.0', 1), { opId: 'first', actor: 'trainer' })
  journal.append(tagged, { opId: 'second' })
  expect(journal.state.operations).toEqual(new Map([['first', 0], ['second', 1]]))
  expect(journal.state.head).toEqual({ n: 1, hash: journal.events[1]?.hash, ts: Date.UTC(2026, 2, 1) + 1_000 })
  expect(journal.state.createdTs).toBe(Date.UTC(2026, 2, 1))
  expect(journal.state.versions[0]?.createdBy).toBe('trainer')
})

it('the work for an event does not grow with the journal', () => {
  const state = emptyState(NAME)
  const envelope = { v: 1 as const, commitId: 'c', writer: { id: 'w', library: 'stemma/0' } }
  const apply = (body: EventBody): void => {
    const { n, hash, ts } = state.head
    applyEvent(state, { ...envelope, n: n + 1, prev: hash, ts: ts + 1, ...body }, HASH)
  }
  // A fold with work for each version at each event would take minutes, and run into the time limit of the test.
  for (let sequence = 1; sequence <= 50_000; sequence += 1) {
    apply(created(`1.0.${sequence - 1}`, sequence))
    const replaced = sequence === 1 ? {} : { replaced: `1.0.${sequence - 2}`, archived: [`1.0.${sequence - 2}`] }
    apply(moved(`1.0.${sequence - 1}`, 'none', 'production', { audience: 'default', ...replaced }))
  }
  expect(state.head.n).toBe(99_999)
})
