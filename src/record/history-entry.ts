import type { ModelEvent } from '../schemas/event.js'
import type { Change, HistoryEntry } from '../schemas/history.js'
import { jsonValueSchema, type JsonValue } from '../schemas/json-value.js'
import type { VersionSummary } from '../schemas/model-version.js'
import { parse } from '../schemas/parse.js'
import { eventEffects } from './event-effects.js'
import type { ModelState } from './model-state.js'

/**
 * One event as people read it: who, when, why, and for every version that it changes the old and the new values.
 *
 * A birth lists all that can change later (stage, tags, metrics …) with the values it began with. Lists (`audiences`, `aliases`,
 * `approvals`) are given whole, before and after.
 *
 * @param before the state that the event was applied to; not changed.
 * @param hash sha256 of the event's exact bytes, as hex.
 * @throws {StemmaError} LOG_CORRUPT when the event contradicts the state.
 */
export function describeEvent(before: ModelState, event: ModelEvent, hash: string): HistoryEntry {
  const changes = eventEffects(before, event).flatMap((version) => differences(before.versions[version.sequence - 1], version))
  return {
    name: before.name,
    n: event.n,
    at: new Date(event.ts).toISOString(),
    ...(event.actor === undefined ? {} : { actor: event.actor }),
    ...about(event),
    changes,
    commitId: event.commitId,
    eventDigest: `sha256:${hash}`
  }
}

function about(event: ModelEvent): Pick<HistoryEntry, 'type' | 'version' | 'audience' | 'replaced' | 'reason'> {
  switch (event.type) {
    case 'version.created':
      return { type: 'created', version: event.data.version }
    case 'stage.changed': {
      const { action, version, audience, replaced, reason } = event.data
      return defined({ type: action, version, audience, replaced, reason })
    }
    case 'metadata.updated':
      return defined({ type: 'metadata' as const, version: event.data.version, reason: event.data.reason })
    case 'version.deleted':
      return { type: 'deleted', version: event.data.version, reason: event.data.reason }
  }
}

/** Leaves out what is `undefined`. */
function defined<T extends object>(values: T): T {
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) Reflect.deleteProperty(values, key)
  }
  return values
}

function differences(before: VersionSummary | undefined, after: VersionSummary): Change[] {
  const from = before === undefined ? new Map<string, JsonValue>() : fields(before)
  const to = fields(after)
  const changes: Change[] = []
  for (const field of new Set([...to.keys(), ...from.keys()])) {
    const old = from.get(field)
    const now = to.get(field)
    if (isSame(old, now)) continue
    changes.push({ version: after.version, field, ...(old === undefined ? {} : { from: old }), ...(now === undefined ? {} : { to: now }) })
  }
  return changes
}

/** All of a version that can change, by the names that the history gives them. */
function fields(version: VersionSummary): Map<string, JsonValue> {
  const values = new Map<string, JsonValue>([
    ['created', version.createdAt],
    ['stage', version.stage],
    ['audiences', version.audiences],
    ['aliases', version.aliases],
    ['approvals', parse(jsonValueSchema, version.approvals, { what: 'approvals' })]
  ])
  if (version.description !== undefined) values.set('description', version.description)
  for (const [key, value] of Object.entries(version.tags)) values.set(`tags.${key}`, value)
  for (const [name, value] of Object.entries(version.metrics)) values.set(`metrics.${name}`, value)
  if (version.deleted !== undefined) values.set('deleted', parse(jsonValueSchema, version.deleted, { what: 'tombstone' }))
  return values
}

function isSame(old: JsonValue | undefined, now: JsonValue | undefined): boolean {
  return old === now || (typeof old === 'object' && typeof now === 'object' && JSON.stringify(old) === JSON.stringify(now))
}
