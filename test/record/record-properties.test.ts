import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isStemmaError } from '../../src/errors/stemma-error.js'
import { applyEvent } from '../../src/record/apply-event.js'
import { liveVersion } from '../../src/record/live-version.js'
import { decodeState, encodeState } from '../../src/record/state-codec.js'
import type { ModelState } from '../../src/record/model-state.js'
import type { ErrorCode } from '../../src/errors/codes.js'
import { DEFAULT_POLICY } from '../../src/schemas/policy.js'
import { NAME, newJournal, overview, reference, type Journal } from './journal-fixture.js'

const AUDIENCES = ['default', 'berlin', 'bucket-b']
const ALIASES = ['champion', 'base', 'next']
const KEYS = ['site', 'constructor', 'owner']

/** What a request may be refused with; anything else is a fault of the rules. */
const REFUSALS: ErrorCode[] = ['NOT_FOUND', 'VERSION_DELETED', 'INVALID_STAGE', 'INVALID_INPUT', 'CONFLICT', 'FORBIDDEN_BY_RULE']

type Command = (journal: Journal) => unknown

const sequence = fc.integer({ min: 1, max: 5 })
const audience = fc.constantFrom(...AUDIENCES)
const aliases = fc.subarray(ALIASES)
const stage = fc.constantFrom('production', 'production', 'production', ...DEFAULT_POLICY.stages)
const expectedCurrent = fc.constantFrom(undefined, undefined, undefined, null, '1.0.0')

const move = fc
  .record({ of: sequence, to: stage, audience: fc.option(audience, { nil: undefined }), expectedCurrent })
  .map(({ of, to, ...options }): Command => (journal) => journal.move(of, to, options))
const create = fc
  .record({ aliases })
  .map((asked): Command => (journal) => journal.create({ ...asked, tags: { site: 'a' }, description: 'd' }))
const rollback = fc
  .record({ audience, to: fc.option(sequence, { nil: undefined, freq: 3 }) })
  .map((asked): Command => (journal) =>
    journal.rollback({ audience: asked.audience, to: asked.to === undefined ? undefined : reference(asked.to) })
  )
const update = fc
  .record(
    {
      tags: fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom(null, 'a', 'b')),
      metrics: fc.dictionary(fc.constantFrom('auc', 'f1'), fc.constantFrom(0, 0.5)),
      description: fc.constantFrom(null, 'd', 'e'),
      aliases,
      removeAliases: aliases,
      approval: fc.constant({ by: 'auditor', decision: 'approved' as const })
    },
    { requiredKeys: [] }
  )
  .chain((changes) => sequence.map((of): Command => (journal) => journal.update(of, changes)))
const remove = sequence.map((of): Command => (journal) => journal.remove(of))

const commands = fc.array(
  fc.oneof({ weight: 3, arbitrary: create }, { weight: 8, arbitrary: move }, { weight: 3, arbitrary: rollback }, update, remove),
  { minLength: 1, maxLength: 40, size: 'max' }
)

/** Runs the commands; those that are refused must be refused for a reason that callers know. */
function run(list: readonly Command[], journal: Journal = newJournal(), afterEach: (state: ModelState) => void = () => undefined): Journal {
  for (const command of list) {
    try {
      command(journal)
    } catch (error) {
      if (!isStemmaError(error, ...REFUSALS)) throw error
    }
    afterEach(journal.state)
  }
  return journal
}

function expectSound(state: ModelState): void {
  const { versions } = state
  expect(versions.map((version) => version.sequence)).toEqual(versions.map((_, index) => index + 1))
  expect(new Set(versions.map(({ version }) => version)).size).toBe(versions.length)
  expect([...state.sequences]).toEqual(versions.map((version) => [version.version, version.sequence]))
  for (const version of versions) {
    expect(version.stage === 'production').toBe(version.audiences.length > 0)
    if (version.deleted !== undefined) expect([version.stage, version.aliases]).toEqual(['archived', []])
    expect([...version.audiences].sort()).toEqual(version.audiences)
  }
  for (const name of AUDIENCES) {
    const holders = versions.filter((version) => version.audiences.includes(name))
    expect(holders).toEqual(holders.length === 0 ? [] : [liveVersion(state, name)])
    if (holders.length === 0) expect(liveVersion(state, name)).toBeUndefined()
  }
  const owned = versions.flatMap((version) => version.aliases.map((alias) => [alias, version.sequence] as const))
  expect(new Map(owned)).toEqual(state.aliases)
  expect(owned).toHaveLength(state.aliases.size)
}

function roundTrip(state: ModelState): ModelState {
  const decoded = decodeState(JSON.parse(JSON.stringify(encodeState(state))), NAME)
  if (decoded === undefined) throw new Error('the encoded state was not read')
  return decoded
}

describe('any sequence of requests', () => {
  it('keeps the state sound', () => {
    fc.assert(
      fc.property(commands, (list) => {
        run(list, newJournal(), expectSound)
      }),
      { numRuns: 300 }
    )
  })

  it('gives a state that can be encoded at any point, and folds on to the same', () => {
    fc.assert(
      fc.property(commands, fc.nat(), (list, cut) => {
        const journal = run(list)
        const early = newJournal().state
        const at = journal.events.length === 0 ? 0 : cut % journal.events.length
        for (const { event, hash } of journal.events.slice(0, at)) applyEvent(early, event, hash)
        const resumed = roundTrip(early)
        expect(resumed).toStrictEqual(early)
        for (const { event, hash } of journal.events.slice(at)) applyEvent(resumed, event, hash)
        expect(resumed).toStrictEqual(journal.state)
      }),
      { numRuns: 200 }
    )
  })

  it('gives a history whose old and new values chain, and end in what is there', () => {
    fc.assert(
      fc.property(commands, (list) => {
        const journal = run(list)
        const last = new Map<string, unknown>()
        for (const { version, field, from, to } of journal.history.flatMap((entry) => entry.changes)) {
          const key = `${version} ${field}`
          expect(from, key).toEqual(last.get(key))
          expect(to, key).not.toEqual(from)
          last.set(key, to)
        }
        for (const version of journal.state.versions) {
          const told = (field: string): unknown => last.get(`${version.version} ${field}`)
          expect([told('stage'), told('audiences'), told('aliases')]).toEqual([version.stage, version.audiences, version.aliases])
          expect([told('description'), told('approvals')]).toEqual([version.description, version.approvals])
          expect(told('deleted')).toEqual(version.deleted)
          for (const key of KEYS) expect(told(`tags.${key}`)).toBe(Object.hasOwn(version.tags, key) ? version.tags[key] : undefined)
          for (const name of ['auc', 'f1']) expect(told(`metrics.${name}`)).toBe(version.metrics[name])
        }
      }),
      { numRuns: 200 }
    )
  })

  it('then a promotion and a rollback give back exactly what was live', () => {
    fc.assert(
      fc.property(commands, audience, sequence, (list, name, of) => {
        const journal = run(list)
        const before = liveVersion(journal.state, name)?.sequence
        const next = journal.state.versions[of - 1]
        fc.pre(before !== undefined && before !== of && next !== undefined && next.deleted === undefined)
        journal.move(of, 'production', { audience: name })
        expect(liveVersion(journal.state, name)?.sequence).toBe(of)
        journal.rollback({ audience: name })
        expect(liveVersion(journal.state, name)?.sequence).toBe(before)
        expectSound(journal.state)
      }),
      { numRuns: 200 }
    )
  })

  it('repeated at once changes nothing, but for approvals, rollbacks and new versions', () => {
    fc.assert(
      fc.property(commands, fc.oneof(move, remove), (list, command) => {
        const journal = run(list)
        run([command], journal)
        const count = journal.events.length
        const before = overview(journal.state)
        run([command], journal)
        expect(overview(journal.state)).toEqual(before)
        expect(journal.events).toHaveLength(count)
      }),
      { numRuns: 200 }
    )
  })
})
