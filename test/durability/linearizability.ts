import { tagText, type TimedCall } from './recorded-history.js'

/**
 * Whether a history of reads, tags and compare-and-set promotions could have been made by one call after the other, without
 * looking at the store: the search of Wing and Gong, with Lowe's memory of the states that led nowhere.
 */
export function isLinearizable(calls: readonly TimedCall[], initial: { live: string; tags: ReadonlyMap<string, Readonly<Record<string, string>>> }): boolean {
  const entries = calls.flatMap((call, id) => [{ id, call, at: call.invoked, isReturn: false }, { id, call, at: call.returned, isReturn: true }])
  entries.sort((left, right) => left.at - right.at || Number(left.isReturn) - Number(right.isReturn))
  const list = link(entries)
  const dead = new Set<string>()
  const done = new Uint8Array(calls.length)
  const trail: { node: Node; state: State }[] = []
  let state: State = { live: initial.live, tags: new Map([...initial.tags].map(([version, tags]) => [version, tags])) }
  let node = list.next
  while (list.next) {
    if (!node) return false
    if (!node.isReturn) {
      const next = apply(state, node.call)
      if (next) {
        done[node.id] = 1
        const key = `${Buffer.from(done).toString('latin1')}${stateText(next)}`
        if (!dead.has(key)) {
          dead.add(key)
          trail.push({ node, state })
          state = next
          lift(node)
          node = list.next
          continue
        }
        done[node.id] = 0
      }
      node = node.next
      continue
    }
    const last = trail.pop()
    if (!last) return false
    state = last.state
    done[last.node.id] = 0
    unlift(last.node)
    node = last.node.next
  }
  return true
}

interface State {
  live: string
  tags: ReadonlyMap<string, Readonly<Record<string, string>>>
}

function stateText({ live, tags }: State): string {
  return live + [...tags].sort(([left], [right]) => (left < right ? -1 : 1)).map(([version, values]) => version + tagText(values)).join()
}

/** The state after a call, `undefined` when the call could not have been answered so. */
function apply(state: State, call: TimedCall): State | undefined {
  const { kind, version = '', tags = {}, key = '', expected, operationId = '' } = call
  if (kind === 'live') return state.live === version && tagText(state.tags.get(version) ?? {}) === tagText(tags) ? state : undefined
  if (kind === 'promote') {
    if (call.refused === true) return state.live === expected ? undefined : state
    return state.live === expected ? { ...state, live: version } : undefined
  }
  const changed = { ...state.tags.get(version), [key]: operationId }
  return tagText(changed) === tagText(tags) ? { ...state, tags: new Map(state.tags).set(version, changed) } : undefined
}

interface Node {
  id: number
  call: TimedCall
  isReturn: boolean
  next: Node | undefined
  previous: Node | undefined
  match: Node | undefined
}

function link(entries: readonly { id: number; call: TimedCall; isReturn: boolean }[]): { next: Node | undefined } {
  const head: Node = { id: -1, call: entries[0]?.call ?? fail(), isReturn: false, next: undefined, previous: undefined, match: undefined }
  let last = head
  const invocations = new Map<number, Node>()
  for (const entry of entries) {
    const node: Node = { ...entry, next: undefined, previous: last, match: undefined }
    last.next = node
    last = node
    const invocation = invocations.get(entry.id)
    if (invocation) invocation.match = node
    else invocations.set(entry.id, node)
  }
  return head
}

function fail(): never {
  throw new Error('an empty history')
}

/** Takes a call and its return out of the list. */
function lift(node: Node): void {
  for (const each of [node, node.match]) {
    if (each?.previous) each.previous.next = each.next
    if (each?.next) each.next.previous = each.previous
  }
}

function unlift(node: Node): void {
  for (const each of [node.match, node]) {
    if (each?.previous) each.previous.next = each
    if (each?.next) each.next.previous = each
  }
}
