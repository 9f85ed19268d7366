import { describe, expect, it } from 'vitest'
import { emptyState } from '../../src/record/apply-event.js'
import { resolveReference } from '../../src/record/resolve-reference.js'
import { summarizeModel } from '../../src/record/model-summary.js'
import { DEFAULT_POLICY } from '../../src/schemas/policy.js'
import type { Selector } from '../../src/schemas/reference.js'
import { digestOf, newJournal, reference, type Journal } from './journal-fixture.js'

const POLICY = { ...DEFAULT_POLICY, stages: [...DEFAULT_POLICY.stages, 'shadow'] }

function journalWith(...versions: string[]): Journal {
  const journal = newJournal(POLICY)
  for (const exact of versions) journal.create({ version: { exact } })
  return journal
}

function resolve(journal: Journal, selector: Parameters<typeof reference>[0], audience?: string): string {
  return resolveReference(journal.state, reference(selector, audience), POLICY).version
}

const latest: Selector = { kind: 'latest' }

describe('latest', () => {
  it.each([
    { versions: ['1.0.0', '1.0.1'], found: '1.0.1' },
    { versions: ['1.9.0', '1.10.0'], found: '1.10.0' },
    { versions: ['1.0.0', '2.0.0-beta.1'], found: '1.0.0' },
    { versions: ['2.0.0-beta.2', '2.0.0-beta.10'], found: '2.0.0-beta.10' }
  ])('of $versions is $found', ({ versions, found }) => {
    expect(resolve(journalWith(...versions), latest)).toBe(found)
  })

  it('passes over deleted versions', () => {
    const journal = journalWith('1.0.0', '1.0.1')
    journal.remove('1.0.1')
    expect(resolve(journal, latest)).toBe('1.0.0')
    journal.remove('1.0.0')
    expect(() => resolve(journal, latest)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
  })
})

describe('ranges', () => {
  it.each([
    ['^1.0.0', '1.2.0'],
    ['~1.0', '1.0.9'],
    ['>=1 <1.2', '1.0.9'],
    ['*', '2.0.0'],
    ['^3.0.0-0', '3.0.0-rc.1']
  ])('%s is %s', (range, found) => {
    const journal = journalWith('1.0.0', '1.0.9', '1.2.0', '1.3.0', '2.0.0', '3.0.0-rc.1')
    journal.remove('1.3.0')
    expect(resolve(journal, { kind: 'range', range })).toBe(found)
  })
})

describe('one version', () => {
  it('by number, sequence and digest', () => {
    const journal = journalWith('1.0.0', '1.0.1', '1.0.2', '1.0.3')
    expect(resolve(journal, '1.0.1')).toBe('1.0.1')
    expect(resolve(journal, 3)).toBe('1.0.2')
    expect(resolve(journal, { kind: 'digest', digest: digestOf('manifest-0') })).toBe('1.0.3')
    journal.remove('1.0.3')
    expect(resolve(journal, { kind: 'digest', digest: digestOf('manifest-0') })).toBe('1.0.0')
  })

  it.each(['1.0.1', 2, { kind: 'digest' as const, digest: digestOf('manifest-1') }])('%j of a deleted one', (selector) => {
    const journal = journalWith('1.0.0', '1.0.1')
    journal.remove('1.0.1', 'leaked data')
    expect(() => resolve(journal, selector)).toThrow(
      expect.objectContaining({ code: 'VERSION_DELETED', message: expect.stringContaining('leaked data') as unknown })
    )
  })
})

describe('labels', () => {
  it('production, by audience', () => {
    const journal = journalWith('1.0.0', '1.0.1')
    journal.move('1.0.0', 'production')
    journal.move('1.0.1', 'production', { audience: 'berlin' })
    expect(resolve(journal, 'production')).toBe('1.0.0')
    expect(resolve(journal, 'production', 'berlin')).toBe('1.0.1')
  })

  it('another stage: the version that entered last, own stages too', () => {
    const journal = journalWith('1.0.0', '1.0.1', '1.0.2')
    journal.move('1.0.1', 'staging')
    journal.move('1.0.0', 'staging')
    journal.move('1.0.2', 'shadow')
    expect(resolve(journal, 'staging')).toBe('1.0.0')
    expect(resolve(journal, 'shadow')).toBe('1.0.2')
    journal.move('1.0.2', 'none')
    journal.create()
    expect(resolve(journal, 'none')).toBe('1.0.3')
  })

  it('a stage passes over deleted versions', () => {
    const journal = journalWith('1.0.0', '1.0.1')
    journal.move('1.0.0', 'archived')
    journal.remove('1.0.1')
    expect(resolve(journal, 'archived')).toBe('1.0.0')
  })

  it('an alias', () => {
    const journal = journalWith('1.0.0', '1.0.1')
    journal.update('1.0.0', { aliases: ['champion'] })
    expect(resolve(journal, 'champion')).toBe('1.0.0')
  })
})

describe('what is not there', () => {
  const journal = journalWith('1.0.0', '1.1.0', '1.2.0', '1.3.0', '1.4.0', '1.5.0', '1.6.0')
  journal.move('1.0.0', 'production', { audience: 'berlin' })
  journal.update('1.1.0', { aliases: ['champion'] })

  it.each<[Parameters<typeof reference>[0], string]>([
    ['1.2.5', 'the nearest are 1.0.0, 1.1.0, 1.2.0, 1.3.0, 1.4.0'],
    ['9.0.0', 'the nearest are 1.2.0, 1.3.0, 1.4.0, 1.5.0, 1.6.0'],
    [{ kind: 'range', range: '^0.1' }, 'the nearest are 1.0.0, 1.1.0'],
    [99, 'from 1 to 7'],
    [{ kind: 'digest', digest: digestOf('nothing') }, '1.6.0'],
    ['production', "live are 1.0.0 for 'berlin'"],
    ['staging', 'no version is in staging'],
    ['challenger', 'its aliases are champion']
  ])('%j says what there is', (selector, part) => {
    expect(() => resolve(journal, selector)).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND', message: expect.stringContaining(part) as unknown })
    )
  })

  it('a model without events', () => {
    expect(() => resolveReference(emptyState('other'), reference(latest), POLICY)).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND', message: 'there is no model other' })
    )
  })

  it('an audience goes only with production', () => {
    expect(() => resolve(journal, 'champion', 'berlin')).toThrow(expect.objectContaining({ code: 'INVALID_REFERENCE' }))
  })
})

it('summarizeModel counts what was not deleted and says what is live', () => {
  const journal = journalWith('1.0.0', '1.0.1', '1.0.2')
  journal.move('1.0.0', 'production')
  journal.move('1.0.1', 'production', { audience: 'berlin' })
  journal.remove('1.0.2')
  expect(summarizeModel(journal.state)).toEqual({
    ...{ name: 'credit-score', versionCount: 2, latest: '1.0.1', production: { default: '1.0.0', berlin: '1.0.1' } },
    ...{ createdAt: '2026-03-01T00:00:00.000Z', updatedAt: '2026-03-01T00:00:05.000Z' }
  })
})
