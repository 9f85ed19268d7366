import type { StoredEvent } from './format/read-store.js'
import { tagText, type TimedCall } from './recorded-history.js'

/**
 * Whether a recorded history is linearizable, with the journal as the witness of the order: the order of events must be one
 * that real time allows, every read must show the state after some event between the last that was acknowledged when it
 * began and the last that was begun when it ended, reads must not go back, and every refusal must have had its reason.
 */
export function checkWitness(events: readonly StoredEvent[], calls: readonly TimedCall[]): string[] {
  const problems: string[] = []
  const places = new Map(events.flatMap(({ opId, n }) => (opId === undefined ? [] : [[opId, n] as const])))
  const writes = calls.flatMap((call) => {
    const n = call.operationId === undefined || call.refused === true ? undefined : places.get(call.operationId)
    if (n === undefined && call.operationId !== undefined && call.refused !== true) problems.push(`${call.operationId} was acknowledged and is not there`)
    return n === undefined ? [] : [{ call, n }]
  }).sort((left, right) => left.n - right.n)
  for (const { operationId, refused } of calls) if (refused === true && operationId !== undefined && places.has(operationId)) problems.push(`${operationId} was refused and is there`)
  checkOrder(writes, problems)
  const states = foldAll(events)
  for (const { call, n } of writes) {
    const tags = states[n]?.tags.get(call.version ?? '') ?? '[]'
    if (call.kind === 'tag' && tagText(call.tags ?? {}) !== tags) problems.push(`event ${n} answered ${tagText(call.tags ?? {})}, its state is ${tags}`)
    if (call.kind === 'log' && call.size !== states[n]?.size) problems.push(`event ${n} answered #${call.size ?? 0}, its state has ${states[n]?.size ?? 0}`)
  }
  checkReads(calls, { writes, states, first: events.length - writes.length - 1 }, problems)
  return problems
}

interface Write {
  call: TimedCall
  n: number
}

/** What returned before another was called comes before it. */
function checkOrder(writes: readonly Write[], problems: string[]): void {
  let latestInvoked = -1
  for (const { call, n } of writes) {
    if (call.returned < latestInvoked) problems.push(`event ${n} returned before an earlier event was asked for`)
    latestInvoked = Math.max(latestInvoked, call.invoked)
  }
}

interface State {
  live: string | undefined
  size: number
  tags: ReadonlyMap<string, string>
}

function foldAll(events: readonly StoredEvent[]): State[] {
  let live: string | undefined
  let size = 0
  const values = new Map<string, Record<string, string>>()
  const texts = new Map<string, string>()
  return events.map(({ type, data }) => {
    if (type === 'version.created') size += 1
    if (type === 'stage.changed' && data['to'] === 'production') live = data.version
    const changed = data['tags']
    if (type === 'metadata.updated' && typeof changed === 'object' && changed !== null) {
      values.set(data.version, { ...values.get(data.version), ...Object.fromEntries(Object.entries(changed).map(([key, value]) => [key, String(value)])) })
      texts.set(data.version, tagText(values.get(data.version) ?? {}))
    }
    return { live, size, tags: new Map(texts) }
  })
}

interface Witness {
  writes: readonly Write[]
  states: readonly State[]
  /** The last event before the history. */
  first: number
}

function checkReads(calls: readonly TimedCall[], { writes, states, first }: Witness, problems: string[]): void {
  const byReturn = [...writes].sort((left, right) => left.call.returned - right.call.returned)
  const byInvoke = [...writes].sort((left, right) => left.call.invoked - right.call.invoked)
  /** What earlier reads have shown, by when they returned. */
  const shown: { returned: number; n: number }[] = []
  const reads = calls.filter(({ kind, refused }) => kind === 'live' || kind === 'size' || refused === true).sort((left, right) => left.returned - right.returned)
  for (const read of reads) {
    let from = highestBefore(byReturn, ({ call }) => call.returned < read.invoked, first)
    // Reads are taken in the order in which they return, so those before this one have their places already.
    for (const { returned, n } of shown) if (returned < read.invoked) from = Math.max(from, n)
    const to = highestBefore(byInvoke, ({ call }) => call.invoked < read.returned, first)
    const n = firstMatch(states, from, to, read)
    if (n === undefined) problems.push(`a ${read.refused === true ? 'refusal' : read.kind} (${JSON.stringify([read.version, read.expected, read.tags, read.size])}) fits no state from event ${from} to ${to}`)
    else if (n > (shown.at(-1)?.n ?? -1)) shown.push({ returned: read.returned, n })
  }
}

function highestBefore(writes: readonly Write[], isBefore: (write: Write) => boolean, none: number): number {
  let highest = none
  for (const write of writes) {
    if (!isBefore(write)) break
    highest = Math.max(highest, write.n)
  }
  return highest
}

function firstMatch(states: readonly State[], from: number, to: number, read: TimedCall): number | undefined {
  for (let n = from; n <= to; n += 1) {
    const state = states[n]
    if (!state) continue
    if (read.refused === true ? state.live !== read.expected : read.kind === 'size' ? state.size === read.size : isLive(state, read)) return n
  }
  return undefined
}

function isLive(state: State, read: TimedCall): boolean {
  return state.live === read.version && (state.tags.get(read.version ?? '') ?? '[]') === tagText(read.tags ?? {})
}
