import { emptyState } from '../../record/apply-event.js'
import type { ModelState } from '../../record/model-state.js'
import type { VersionSummary } from '../../schemas/model-version.js'
import { foldInto, readEvents } from '../journal/fold-events.js'
import type { LogStore } from '../journal/log-store.js'
import type { ModelStates } from '../journal/model-states.js'
import type { Connection } from './connection.js'
import type { RegisteredModel } from './endpoints.js'
import type { Journal } from './journal.js'
import { createHeads, HEAD_TAG } from './heads.js'
import { createRows, type Rows } from './mirror-rows.js'
import { mirrorChanges } from './mirror-versions.js'
import { registeredModel } from './registered-model.js'
import { createTurns, type Turns } from './turns.js'
import { wantedAliases } from './wanted.js'

/** How often other writers may add to a model while it is mirrored, until they are left to mirror it. */
const MAX_ROUNDS = 20

/** What others see of a model in MLflow, kept as its journal says. */
export interface Mirror {
  /** Brings versions, stages, tags and aliases up to the journal; begins anew when that grew meanwhile, so that the last writer leaves them right. */
  update(model: string): Promise<void>
  /** Ends what is still under way. */
  close(): Promise<void>
}

/** A model as it is mirrored, and as it is to be. */
export interface MirrorStep {
  readonly name: string
  readonly before: { readonly versions: readonly VersionSummary[]; readonly aliases: ReadonlyMap<string, number> }
  readonly state: ModelState
  /** Versions that differ between the two. */
  readonly changed: readonly VersionSummary[]
  /** As it was before, if it was looked at. */
  readonly registered: RegisteredModel | undefined
  /** Whether all that differs comes from the one event after `before`: then nobody else has shown any of it. */
  readonly isNew: boolean
  readonly rows: Rows
}

interface Mirrored {
  n: number
  /** Whether no event had come meanwhile: else what was shown may have overwritten what others showed of a later one. */
  isSettled: boolean
  versions: readonly VersionSummary[]
  aliases: ReadonlyMap<string, number>
}

/** Makes the mirror of a server; it remembers what it has shown last. */
export function createMirror(connection: Connection, { log, journal, states }: { log: LogStore; journal: Journal; states: ModelStates }): Mirror {
  const shown = new Map<string, Mirrored>()
  const rowsOf = new Map<string, Rows>()
  const heads = createHeads(connection)
  const turnsOf = new Map<string, Turns>()

  const differencesOf = async (model: string, state: ModelState, registered: RegisteredModel | undefined): Promise<Differences> => {
    const n = Number(registered?.tags.find(({ key }) => key === HEAD_TAG)?.value ?? -1)
    const known = shown.get(model)
    // Shown by another process: what it showed follows from the events that it had.
    if (known === undefined || (known.isSettled && known.n < n)) return differencesSince(log, state, Number.isSafeInteger(n) ? Math.min(n, state.head.n) : -1)
    return { before: known, changed: state.versions.filter((version, index) => known.versions[index] !== version) }
  }

  const updateOnce = async (model: string): Promise<boolean> => {
    const { client, names } = connection
    // What this process has committed is known to it; what others added is looked for at the end.
    const { state } = await journal.asKnown(() => states.load(model))
    const n = state.head.n
    if (n < 0) return true
    const name = names.toMlflow(model)
    const last = shown.get(model)
    const isNew = last?.isSettled === true && last.n === n - 1
    const registered = isNew ? undefined : await registeredModel(client, name)
    const { before, changed } = await differencesOf(model, state, registered)
    const after = { n, versions: [...state.versions], aliases: wantedAliases(state) }
    if (before.n < n) {
      // Should it end half-way, all this is compared again.
      shown.set(model, { ...before, isSettled: false })
      const rows = rowsOf.get(model) ?? createRows(connection, name)
      rowsOf.set(model, rows)
      const step = { name, before, state, changed, registered, isNew, rows }
      await mirrorChanges(connection, step, after.aliases)
    }
    shown.set(model, { ...after, isSettled: false })
    // Only what was looked for after all is shown tells that nothing came meanwhile.
    if (before.n < n) heads.note(name, n)
    const latest = await journal.asOfNow(async () => {
      await journal.refresh({})
      return states.load(model)
    })
    const isSettled = latest.state.head.n === n
    shown.set(model, { ...after, isSettled })
    return isSettled
  }

  const update = async (model: string): Promise<void> => {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      try {
        if (await updateOnce(model)) return
      } catch (error) {
        rowsOf.delete(model)
        throw error
      }
    }
  }

  return {
    // One after the other, so that none shows late what another has shown anew; those that wait are done in one.
    update(model) {
      const turns = turnsOf.get(model) ?? createTurns(() => update(model))
      turnsOf.set(model, turns)
      return turns.after()
    },
    close: () => heads.close()
  }
}

interface Differences {
  before: Mirrored
  changed: VersionSummary[]
}

/** What the events after `n` have changed, told in one fold: there an unchanged version stays the same object. */
async function differencesSince(log: LogStore, { name, head, versions }: ModelState, n: number): Promise<Differences> {
  const state = emptyState(name)
  let before: Mirrored = { n: -1, isSettled: true, versions: [], aliases: new Map() }
  for await (const decoded of readEvents({ log }, name, head.n, {})) {
    foldInto(state, decoded)
    if (decoded.head.n === n) before = { n, isSettled: true, versions: [...state.versions], aliases: wantedAliases(state) }
  }
  return { before, changed: versions.filter((_, index) => before.versions[index] !== state.versions[index]) }
}
