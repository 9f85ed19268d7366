import { createHash } from 'node:crypto'
import { applyEvent, emptyState } from '../../src/record/apply-event.js'
import { decideCreate } from '../../src/record/decide-create.js'
import { decideDelete } from '../../src/record/decide-delete.js'
import { decideRollback } from '../../src/record/decide-rollback.js'
import { decideTransition } from '../../src/record/decide-transition.js'
import { decideUpdate } from '../../src/record/decide-update.js'
import { describeEvent } from '../../src/record/history-entry.js'
import type { Decision, ModelState } from '../../src/record/model-state.js'
import type { Birth } from '../../src/schemas/birth.js'
import type { Digest } from '../../src/schemas/digest.js'
import { eventSchema, type EventBody, type ModelEvent } from '../../src/schemas/event.js'
import type { HistoryEntry } from '../../src/schemas/history.js'
import { DEFAULT_POLICY, type Policy } from '../../src/schemas/policy.js'
import type { Reference, Selector } from '../../src/schemas/reference.js'
import type { CreateVersionRequest, RollbackRequest, TransitionRequest, UpdateRequest } from '../../src/schemas/requests.js'

export const NAME = 'credit-score'
export const START = Date.UTC(2026, 2, 1)

/** A reference to a version by number, `#sequence`, digest or label. */
export function reference(selector: string | number | Selector, audience?: string): Reference {
  const parsed: Selector =
    typeof selector === 'object'
      ? selector
      : typeof selector === 'number'
        ? { kind: 'sequence', sequence: selector }
        : /^\d/.test(selector)
          ? { kind: 'version', version: selector }
          : { kind: 'label', label: selector }
  return { name: NAME, selector: parsed, ...(audience === undefined ? {} : { audience }) }
}

export function birth(changes: Partial<Birth> = {}): Birth {
  return {
    schemaVersion: 1,
    params: { depth: 6 },
    metrics: { auc: 0.9 },
    evaluations: [],
    featureImportance: {},
    datasets: [{ name: 'loans', digest: 'md5:ab', role: 'training' }],
    derivedFrom: [],
    code: { state: 'unavailable', reason: 'not a repository' },
    environment: {
      state: 'captured',
      digest: 'sha256:e',
      runtime: { name: 'node', version: '20.19.0' },
      os: { platform: 'linux', release: '6.1', arch: 'x64' }
    },
    hardware: { state: 'captured', cpu: { model: 'test', logicalCores: 2 }, memoryBytes: 1024, gpus: [] },
    ...changes
  }
}

export function digestOf(text: string): Digest {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}

export function createRequest(changes: Partial<CreateVersionRequest> = {}): CreateVersionRequest {
  return {
    name: NAME,
    manifest: {
      schemaVersion: 1,
      artifacts: [
        { path: 'config.json', sizeBytes: 10, digest: digestOf('config'), format: 'json', role: 'config' },
        { path: 'model.onnx', sizeBytes: 32, digest: digestOf('model'), format: 'onnx', role: 'weights' }
      ]
    },
    birth: birth(),
    version: { bump: 'patch' },
    tags: {},
    aliases: [],
    ...changes
  }
}

/** One model's journal in memory: decide, number, chain, describe, fold. */
export interface Journal {
  readonly state: ModelState
  readonly events: { event: ModelEvent; hash: string }[]
  readonly history: HistoryEntry[]
  /** Adds the envelope and folds. */
  append(body: EventBody, envelope?: { actor?: string; opId?: string }): ModelEvent
  create(changes?: Partial<CreateVersionRequest>): string
  move(selector: string | number | Selector, stage: string, options?: Omit<TransitionRequest, 'reference' | 'stage'>): Decision
  rollback(options?: Partial<RollbackRequest>): Decision
  update(selector: string | number | Selector, changes: Omit<UpdateRequest, 'reference'>): Decision
  remove(selector: string | number | Selector, reason?: string): Decision
}

export function newJournal(policy: Policy = DEFAULT_POLICY): Journal {
  const state = emptyState(NAME)
  const events: Journal['events'] = []
  const history: HistoryEntry[] = []

  const append: Journal['append'] = (body, envelope = {}) => {
    const { n, hash: prev, ts } = state.head
    const event = eventSchema.parse({
      ...{ v: 1, n: n + 1, prev, commitId: `commit-${n + 1}`, ts: Math.max(START, ts + 1_000) },
      ...{ writer: { id: 'w', library: 'stemma/0' }, ...envelope, ...body }
    })
    const hash = digestOf(JSON.stringify(event)).slice('sha256:'.length)
    history.push(describeEvent(state, event, hash))
    applyEvent(state, event, hash)
    events.push({ event, hash })
    return event
  }
  const carryOut = (decision: Decision): Decision => {
    if (decision.kind === 'event') append(decision.body)
    return decision
  }
  return {
    state,
    events,
    history,
    append,
    create(changes = {}) {
      const digest = digestOf(`manifest-${state.versions.length % 3}`)
      append(decideCreate(state, createRequest(changes), digest, policy))
      return state.versions.at(-1)?.version ?? ''
    },
    move: (selector, stage, options = {}) =>
      carryOut(decideTransition(state, { reference: reference(selector), stage, ...options }, policy)),
    rollback: (options = {}) => carryOut(decideRollback(state, { name: NAME, audience: 'default', ...options }, policy)),
    update: (selector, changes) => carryOut(decideUpdate(state, { reference: reference(selector), ...changes }, policy)),
    remove: (selector, reason = 'bad') => carryOut(decideDelete(state, { reference: reference(selector), reason }, policy))
  }
}

/** Stage, audiences and aliases of every version, short: `1.0.0 production default,berlin`. */
export function overview(state: ModelState): string[] {
  return state.versions.map((version) => [version.version, version.stage, version.audiences.join(',')].join(' ').trim())
}

/** The journal with `count` versions, 1.0.0, 1.0.1 … */
export function journalOf(count: number, policy: Policy = DEFAULT_POLICY): Journal {
  const journal = newJournal(policy)
  for (let index = 0; index < count; index += 1) journal.create()
  return journal
}
