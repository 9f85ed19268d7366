import { StemmaError } from '../errors/stemma-error.js'
import type { ModelEvent } from '../schemas/event.js'
import type { VersionSummary } from '../schemas/model-version.js'
import { contradiction, eventEffects, type EventOf } from './event-effects.js'
import { PRODUCTION } from './live-version.js'
import type { ModelState } from './model-state.js'

/** The state of a model before its first event. */
export function emptyState(name: string): ModelState {
  return {
    name,
    head: { n: -1, hash: null, ts: 0 },
    createdTs: 0,
    versions: [],
    sequences: new Map(),
    production: new Map(),
    everLive: new Set(),
    enteredStageAt: new Map(),
    aliases: new Map(),
    operations: new Map()
  }
}

/**
 * Folds one event into a state. Changes `state` in place; versions that the event changes are replaced by new objects, so those
 * that were handed out stay as they were. When it throws, the state is as it was.
 *
 * @param hash sha256 of the event's exact bytes, as hex: what the next event's `prev` must say.
 * @throws {StemmaError} LOG_CORRUPT when the event does not continue the chain or contradicts the state, naming model and place.
 */
export function applyEvent(state: ModelState, event: ModelEvent, hash: string): void {
  checkChain(state, event)
  const changed = eventEffects(state, event)
  for (const version of changed) replaceVersion(state, event.n, version)
  if (event.type === 'stage.changed') moveAudiences(state, event)
  if (event.opId !== undefined && !state.operations.has(event.opId)) state.operations.set(event.opId, event.n)
  if (state.createdTs === 0) state.createdTs = event.ts
  state.head = { n: event.n, hash, ts: event.ts }
}

function checkChain(state: ModelState, event: ModelEvent): void {
  const { head } = state
  if (event.n !== head.n + 1) throw contradiction(state, event, `event ${head.n + 1} comes next`)
  if (event.prev !== head.hash) {
    throw new StemmaError('LOG_CORRUPT', `event ${event.n} of ${state.name} is not chained to event ${head.n}`, {
      hint: 'The journal was changed or mixed with another one. Run verify(), and restore it from a backup.',
      details: { model: state.name, n: event.n, expected: head.hash, found: event.prev }
    })
  }
  if (event.n > 0 && event.ts <= head.ts) throw contradiction(state, event, `its time ${event.ts} is not after ${head.ts}`)
}

function replaceVersion(state: ModelState, n: number, version: VersionSummary): void {
  const { sequence } = version
  const before = state.versions[sequence - 1]
  if (before === undefined) {
    state.versions.push(version)
    state.sequences.set(version.version, sequence)
  } else {
    state.versions[sequence - 1] = version
  }
  if (before?.stage !== version.stage) state.enteredStageAt.set(sequence, n)
  if (before?.aliases === version.aliases) return
  for (const alias of before?.aliases ?? []) {
    if (state.aliases.get(alias) === sequence && !version.aliases.includes(alias)) state.aliases.delete(alias)
  }
  for (const alias of version.aliases) state.aliases.set(alias, sequence)
}

function moveAudiences(state: ModelState, { data }: EventOf<'stage.changed'>): void {
  const sequence = state.sequences.get(data.version)
  if (sequence === undefined) return
  const released = new Set(data.released)
  for (const audience of released) {
    const held = state.production.get(audience)
    held?.stack.pop()
    if (held !== undefined) held.live = false
  }
  if (released.size > 0 || data.to !== PRODUCTION || data.audience === undefined) return
  const held = state.production.get(data.audience) ?? { stack: [], live: false }
  if (data.action === 'rollback') goBack(held, sequence)
  else if (held.stack.at(-1) !== sequence) held.stack.push(sequence)
  held.live = true
  state.production.set(data.audience, held)
  state.everLive.add(sequence)
}

/** Pops what was live, and then all that came after the target, if it is there at all. */
function goBack(held: { stack: number[]; live: boolean }, target: number): void {
  if (held.live) held.stack.pop()
  const at = held.stack.lastIndexOf(target)
  if (at === -1) held.stack.push(target)
  else held.stack.length = at + 1
}
