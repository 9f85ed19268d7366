import { AsyncLocalStorage } from 'node:async_hooks'
import { isStemmaError, StemmaError } from '../../errors/stemma-error.js'
import type { Policy } from '../../schemas/policy.js'
import type { CallOptions } from '../../util/options.js'
import type { Sources } from '../../util/sources.js'
import type { MlflowClient } from './client.js'
import { MLFLOW } from './endpoints.js'
import { entryTags, readEntry, type Entry } from './entries.js'
import { isInternalError } from './mlflow-error.js'
import { createTurns } from './turns.js'

/** Entries asked for at a time. */
const PAGE = 500
/** MLflow gives up after three tries against other writers, and says that as an internal error. */
const ATTEMPTS = 12
const BASE_DELAY_MS = 15
/** Where an entry's files would be: it has none. */
const SOURCE = 'stemma:/journal'

/**
 * The journal of all models: versions of one registered model, whose numbers MLflow gives out one after the other, each once. That is the
 * one order that an MLflow server keeps among writers who do not know of each other. The first entry that claims a slot of a model has it;
 * a later one for the same slot is void, for everybody alike, so that a slot is created once.
 */
export interface Journal {
  /**
   * Does work, in which it is enough to have read what was there when this call was made: one request for all that looks at the journal.
   * What another call begins within it has to be there at the start of that one.
   */
  asOfNow<T>(work: () => T): T
  /** Does work that needs only what was read, or written, before. */
  asKnown<T>(work: () => T): T
  /** The same as {@link Journal.asOfNow} for what is listed; between two of its items, others' work goes on. */
  listAsOfNow<T>(list: () => AsyncIterable<T>): AsyncGenerator<T>
  /** Reads what was added: all that was there when the call was made, or the work around it was begun. */
  refresh(options: CallOptions): Promise<void>
  /** Whether {@link Journal.refresh} has nothing to ask. */
  isFresh(): boolean
  /** Event files of a model, as far as they were read. */
  slots(model: string): readonly Uint8Array[]
  models(): string[]
  /** Adds an entry; `true` when it has its slot, `false` when another had it before. Sending it twice does no harm. */
  append(entry: Entry, options: CallOptions): Promise<boolean>
}

/** What {@link createJournal} needs. */
export interface JournalOptions {
  readonly client: MlflowClient
  /** Name of the registered model. */
  readonly name: string
  /** Kept with it when it is made. */
  readonly policy: Policy
  readonly sources: Sources
  /** Told of every entry that has its slot, in order. */
  readonly onEntry: (entry: Entry) => void
}

/** Opens the journal; nothing is read yet. */
export function createJournal({ client, name, policy, sources, onEntry }: JournalOptions): Journal {
  const models = new Map<string, Uint8Array[]>()
  const work = new AsyncLocalStorage<{ readonly afterRun: number }>()
  let lastNumber = 0
  let runsBegun = 0
  let lastRun = 0

  const accept = (number: number, entry: Entry | undefined): void => {
    if (number <= lastNumber) return
    lastNumber = number
    if (!entry) return
    const slots = models.get(entry.model) ?? []
    if (entry.n !== slots.length) return
    slots.push(entry.bytes)
    models.set(entry.model, slots)
    onEntry(entry)
  }

  const readOn = async (): Promise<void> => {
    runsBegun += 1
    const run = runsBegun
    for (;;) {
      // By number, not by pages: the pages of MLflow move under concurrent writes.
      const filter = `name = '${name}' AND version_number > ${lastNumber}`
      const { model_versions: found } = await client.call(MLFLOW.searchVersions, { query: { filter, max_results: PAGE, order_by: 'version_number ASC' } })
      for (const version of found.toSorted((left, right) => Number(left.version) - Number(right.version))) {
        accept(Number(version.version), readEntry(version))
      }
      if (found.length < PAGE) break
    }
    lastRun = run
  }
  const turns = createTurns(readOn)
  const isFresh = (): boolean => lastRun > (work.getStore()?.afterRun ?? Number.POSITIVE_INFINITY)

  const create = async (entry: Entry): Promise<number> => {
    const body = { name, source: SOURCE, description: `Event ${entry.n} of ${entry.model}`, tags: entryTags(entry) }
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { model_version: created } = await client.call(MLFLOW.createVersion, { body })
        return Number(created.version)
      } catch (error) {
        if (isStemmaError(error, 'NOT_FOUND') && attempt < ATTEMPTS) await createJournalModel(client, name, policy)
        else if (isInternalError(error) && attempt < ATTEMPTS) await sources.sleep(BASE_DELAY_MS * attempt * (1 + chance(sources)))
        else throw error
      }
    }
  }

  async function* listAsOfNow<T>(list: () => AsyncIterable<T>): AsyncGenerator<T> {
    const now = { afterRun: runsBegun }
    const items = work.run(now, () => list()[Symbol.asyncIterator]())
    try {
      for (;;) {
        const next = await work.run(now, () => items.next())
        if (next.done === true) return
        yield next.value
      }
    } finally {
      await items.return?.()
    }
  }

  return {
    listAsOfNow,
    asKnown: (begin) => work.run({ afterRun: -1 }, begin),
    asOfNow: (begin) => work.run({ afterRun: runsBegun }, begin),
    isFresh,
    async refresh({ signal }) {
      signal?.throwIfAborted()
      if (isFresh()) return
      await turns.after()
      signal?.throwIfAborted()
    },
    slots: (model) => models.get(model) ?? [],
    models: () => [...models.keys()],
    async append(entry, { signal }) {
      signal?.throwIfAborted()
      const number = await create(entry)
      // Nothing was added between what is known and this one: no need to look.
      if (number === lastNumber + 1) accept(number, entry)
      else await turns.after()
      const found = models.get(entry.model)?.[entry.n]
      return found !== undefined && Buffer.compare(found, entry.bytes) === 0
    }
  }
}

/** Makes the registered model of the journal; no error when it is there. */
export async function createJournalModel(client: MlflowClient, name: string, policy: Policy): Promise<void> {
  const tags = [
    { key: 'stemma.format', value: '1' },
    { key: 'stemma.policy', value: JSON.stringify(policy) }
  ]
  const description = 'The journal of stemma: who logged, moved and changed what, when and why. Its versions are events; do not change or delete them.'
  try {
    await client.call(MLFLOW.createRegisteredModel, { body: { name, tags, description } })
  } catch (error) {
    if (!isStemmaError(error, 'ALREADY_EXISTS')) throw error
    const { registered_model: found } = await client.call(MLFLOW.getRegisteredModel, { query: { name } })
    const theirs = found.tags.find(({ key }) => key === 'stemma.policy')?.value
    if (theirs === undefined || theirs === JSON.stringify(policy)) return
    throw new StemmaError('CONFLICT', `${name} was made with other stages or rules by another process meanwhile`, { hint: 'Open the registry again.' })
  }
}

function chance(sources: Sources): number {
  const [byte = 0] = sources.randomBytes(1)
  return byte / 256
}
