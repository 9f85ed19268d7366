import parseSemver from 'semver/functions/parse.js'
import { StemmaError } from '../errors/stemma-error.js'
import type { ModelEvent } from '../schemas/event.js'
import type { LiveSince, StageSince, VersionSummary } from '../schemas/model-version.js'
import { ARCHIVED, liveVersion, PRODUCTION } from './live-version.js'
import type { ModelState } from './model-state.js'
import { quote } from './quote.js'

/** An event of one type. */
export type EventOf<T extends ModelEvent['type']> = Extract<ModelEvent, { type: T }>

/** The error for an event that cannot follow the events before it. */
export function contradiction(state: ModelState, event: ModelEvent, what: string): StemmaError {
  return new StemmaError('LOG_CORRUPT', `event ${event.n} of ${state.name} contradicts those before it: ${what}`, {
    hint: 'Run verify() to see what is damaged, and restore the journal from a backup.',
    details: { model: state.name, n: event.n }
  })
}

/**
 * The versions that an event changes, as they are after it, the one that the event is about first. Changes nothing itself: the
 * fold and the history are both made from it, so that they cannot disagree.
 *
 * @throws {StemmaError} LOG_CORRUPT when the event contradicts the state, naming model and place.
 */
export function eventEffects(state: ModelState, event: ModelEvent): VersionSummary[] {
  switch (event.type) {
    case 'version.created':
      return created(state, event)
    case 'stage.changed':
      return stageChanged(state, event)
    case 'metadata.updated':
      return metadataUpdated(state, event)
    case 'version.deleted':
      return deleted(state, event)
  }
}

function created(state: ModelState, event: EventOf<'version.created'>): VersionSummary[] {
  const { data } = event
  if (parseSemver(data.version)?.version !== data.version) throw contradiction(state, event, `${quote(data.version)} is no version number`)
  if (state.sequences.has(data.version)) throw contradiction(state, event, `version ${data.version} is there already`)
  if (data.sequence !== state.versions.length + 1) {
    throw contradiction(state, event, `it has sequence ${data.sequence} where ${state.versions.length + 1} comes next`)
  }
  const at = new Date(event.ts).toISOString()
  const version: VersionSummary = {
    ...data.birth,
    name: state.name,
    version: data.version,
    sequence: data.sequence,
    digest: data.digest,
    createdAt: at,
    sizeBytes: data.sizeBytes,
    artifactCount: data.artifactCount,
    stage: 'none',
    stageSince: { at, ...byActor(event), action: 'created' },
    audiences: [],
    live: [],
    aliases: [...new Set(data.aliases)].sort(),
    tags: data.tags,
    approvals: []
  }
  if (event.actor !== undefined) version.createdBy = event.actor
  if (data.description !== undefined) version.description = data.description
  return [version, ...withoutAliases(state, data.aliases, data.sequence)]
}

function stageChanged(state: ModelState, event: EventOf<'stage.changed'>): VersionSummary[] {
  const { data } = event
  const before = present(state, event, data.version)
  if (before.stage !== data.from) throw contradiction(state, event, `${data.version} is in ${before.stage}, not in ${data.from}`)
  const released = data.released ?? []
  const taken = data.to === PRODUCTION && released.length === 0 ? data.audience : undefined
  if (released.some((audience) => !before.audiences.includes(audience))) {
    throw contradiction(state, event, `${data.version} gives up an audience that it is not live for`)
  }
  const live = before.live.filter(({ audience }) => !released.includes(audience))
  if (taken !== undefined) live.push(liveSince(event, taken))
  const after = consistent(state, event, inStage(before, data.to, live, stageSince(event)))
  if (taken === undefined) {
    if (data.replaced !== undefined) throw contradiction(state, event, `it replaces ${data.replaced} but takes no audience`)
    return [after]
  }
  const holder = liveVersion(state, taken)
  if (holder?.version !== data.replaced || holder?.version === data.version) {
    throw contradiction(state, event, `${holder?.version ?? 'no version'} is live for '${taken}', not ${data.replaced ?? 'none'}`)
  }
  if (holder === undefined) return [after]
  return [after, consistent(state, event, displaced(holder, taken, event))]
}

/** The version in a stage, live as said; `since` counts only if it was not in that stage before. */
function inStage(before: VersionSummary, stage: string, live: LiveSince[], since: StageSince): VersionSummary {
  const sorted = live.toSorted((a, b) => (a.audience < b.audience ? -1 : 1))
  const audiences = sorted.map(({ audience }) => audience)
  return { ...before, stage, stageSince: before.stage === stage ? before.stageSince : since, audiences, live: sorted }
}

function stageSince(event: EventOf<'stage.changed'>): StageSince {
  return { at: new Date(event.ts).toISOString(), ...byActor(event), ...withReason(event), action: event.data.action }
}

function liveSince(event: EventOf<'stage.changed'>, audience: string): LiveSince {
  const { action, replaced } = event.data
  const at = new Date(event.ts).toISOString()
  return { audience, at, ...byActor(event), ...withReason(event), action, ...(replaced === undefined ? {} : { replaced }) }
}

function byActor({ actor }: ModelEvent): { by?: string } {
  return actor === undefined ? {} : { by: actor }
}

function withReason({ data }: EventOf<'stage.changed'>): { reason?: string } {
  return data.reason === undefined ? {} : { reason: data.reason }
}

function displaced(holder: VersionSummary, audience: string, event: EventOf<'stage.changed'>): VersionSummary {
  const { version, archived = [] } = event.data
  const live = holder.live.filter((held) => held.audience !== audience)
  const stage = archived.includes(holder.version) ? ARCHIVED : holder.stage
  return inStage(holder, stage, live, { ...stageSince(event), replacedBy: version })
}

/** A version is in production exactly when it is live for somebody. */
function consistent(state: ModelState, event: ModelEvent, version: VersionSummary): VersionSummary {
  if ((version.stage === PRODUCTION) === version.audiences.length > 0) return version
  throw contradiction(state, event, `${version.version} would be in ${version.stage} with ${version.audiences.length} audiences`)
}

function metadataUpdated(state: ModelState, event: EventOf<'metadata.updated'>): VersionSummary[] {
  const { data } = event
  const before = present(state, event, data.version)
  const after: VersionSummary = { ...before }
  if (data.tags !== undefined) after.tags = mergedTags(before.tags, data.tags)
  if (data.metrics !== undefined) after.metrics = { ...before.metrics, ...data.metrics }
  if (typeof data.description === 'string') after.description = data.description
  if (data.description === null) delete after.description
  if (data.approval !== undefined) {
    after.approvals = [...before.approvals, { ...data.approval, at: new Date(event.ts).toISOString() }]
  }
  if (data.aliases === undefined && data.removedAliases === undefined) return [after]
  const aliases = new Set(before.aliases)
  for (const alias of data.removedAliases ?? []) aliases.delete(alias)
  for (const alias of data.aliases ?? []) aliases.add(alias)
  after.aliases = [...aliases].sort()
  return [after, ...withoutAliases(state, data.aliases ?? [], before.sequence)]
}

function mergedTags(tags: Record<string, string>, changes: Record<string, string | null>): Record<string, string> {
  const merged = new Map(Object.entries(tags))
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) merged.delete(key)
    else merged.set(key, value)
  }
  return Object.fromEntries(merged)
}

/** Other versions that lose aliases to the version of sequence `heir`, as they are without them. */
function withoutAliases(state: ModelState, aliases: readonly string[], heir: number): VersionSummary[] {
  const losers = new Set<number>()
  for (const alias of aliases) {
    const owner = state.aliases.get(alias)
    if (owner !== undefined && owner !== heir) losers.add(owner)
  }
  const changed: VersionSummary[] = []
  for (const sequence of losers) {
    const version = state.versions[sequence - 1]
    if (version !== undefined) changed.push({ ...version, aliases: version.aliases.filter((alias) => !aliases.includes(alias)) })
  }
  return changed
}

function deleted(state: ModelState, event: EventOf<'version.deleted'>): VersionSummary[] {
  const { data } = event
  const before = present(state, event, data.version)
  if (before.stage === PRODUCTION) throw contradiction(state, event, `${data.version} is in production and cannot be deleted`)
  const tombstone = { at: new Date(event.ts).toISOString(), reason: data.reason, ...byActor(event) }
  const archived = inStage(before, ARCHIVED, [], { ...tombstone, action: 'deleted' })
  return [{ ...archived, aliases: [], deleted: tombstone }]
}

function present(state: ModelState, event: ModelEvent, version: string): VersionSummary {
  const sequence = state.sequences.get(version)
  const found = sequence === undefined ? undefined : state.versions[sequence - 1]
  if (found === undefined) throw contradiction(state, event, `there is no version ${version}`)
  if (found.deleted !== undefined) throw contradiction(state, event, `version ${version} was deleted`)
  return found
}
