import { StemmaError } from '../../errors/stemma-error.js'
import { applyEvent, emptyState } from '../../record/apply-event.js'
import type { ModelState } from '../../record/model-state.js'
import type { ModelEvent } from '../../schemas/event.js'
import type { Sources } from '../../util/sources.js'
import { sha256Hex } from '../../util/sha256.js'
import type { decodeEvent, DecodedEvent } from './event-file.js'
import type { LogStore } from './log-store.js'
import { decodeSnapshot } from './snapshot.js'
import { tooNew } from './too-new.js'

/** What this process knows of a model. `state` grows in place: whoever holds it across an `await` may find it further on. */
export interface KnownModel {
  readonly state: ModelState
  /** Place of the last snapshot that is known of, -1 for none. */
  snapshotN: number
  /** The first event of a type that this stemma does not know; while there is one, nothing may be written. */
  unknown: StemmaError | undefined
  /** Whether the folder was listed once, and no gap was found. */
  listed: boolean
  /** Whether this process has added to it. */
  written: boolean
}

/** The folded states of all models that this process has met. */
export interface ModelStates {
  /**
   * The state with every event that was there when the call was made.
   *
   * @throws {StemmaError} REGISTRY_UNAVAILABLE, LOG_CORRUPT, LOG_GAP, ROLLBACK_DETECTED, FORMAT_TOO_NEW.
   */
  load(model: string): Promise<KnownModel>
  /** {@link ModelStates.load}, after the folder was listed once in this process to find a gap anywhere in it. */
  loadListed(model: string): Promise<KnownModel>
  /** What is known, if two cheap probes say that its last event is there and no next one; else `undefined`. */
  fresh(model: string): KnownModel | undefined
  /** Takes an event that this process wrote; passed over if it was read already. */
  accept(model: string, event: ModelEvent, hash: string): void
  /** What is known, however old. */
  known(): ReadonlyMap<string, KnownModel>
  /** Rises with every event that is folded. */
  revision(): number
}

/** Waits before a gap is believed, milliseconds: network file systems show names late. */
const GAP_WAITS_MS = [1, 5, 20, 100, 400, 1_000]

let eventFile: Promise<typeof import('./event-file.js')> | undefined

/** Keeps the folded states of models, and extends them by what is new in their journals. */
export function createModelStates({ log, sources }: { log: LogStore; sources: Sources }): ModelStates {
  const models = new Map<string, KnownModel>()
  const lines = new Map<string, { current: Promise<KnownModel>; next: Promise<KnownModel> | undefined }>()
  let revision = 0

  const fold = (known: KnownModel, decoded: DecodedEvent): void => {
    const { event, head, hash } = decoded
    const { state } = known
    if (event) applyEvent(state, event, hash)
    else {
      state.head = { n: head.n, hash, ts: head.ts }
      known.unknown ??= tooNew({ model: state.name, n: head.n, path: log.fileName(state.name, head.n) }, head)
    }
    revision += 1
  }

  const extend = async (model: string, known: KnownModel): Promise<KnownModel> => {
    await assertHeadStillThere(model, known.state)
    for (;;) {
      const { n: headN, hash: prev } = known.state.head
      const n = headN + 1
      if (!(await log.has(model, n)) && !(await log.has(model, n + 1))) return known
      // Loaded when it is needed: where a snapshot has all events, a service starts without.
      const { decodeEvent } = await (eventFile ??= import('./event-file.js'))
      const bytes = await readAwaited(model, n)
      // An event that this process wrote may have been accepted meanwhile.
      if (known.state.head.n !== headN) continue
      fold(known, await decodeNext(decodeEvent, bytes, model, n, prev))
    }
  }

  const readAwaited = async (model: string, n: number): Promise<Uint8Array> => {
    for (const waitMs of [0, ...GAP_WAITS_MS]) {
      if (waitMs > 0) await sources.sleep(waitMs)
      const bytes = await log.read(model, n, {})
      if (bytes) return bytes
    }
    throw gap(model, n)
  }

  const decodeNext = async (decode: typeof decodeEvent, bytes: Uint8Array, model: string, n: number, prev: string | null): Promise<DecodedEvent> => {
    try {
      return decode(bytes, { model, n, prev, path: log.fileName(model, n) })
    } catch (error) {
      // The chain is broken either because this event is wrong, or because the one before was exchanged under our feet.
      const before = n > 0 ? await log.read(model, n - 1, {}) : undefined
      if (before && sha256Hex(before) !== prev) throw rollback(model, n - 1)
      throw error
    }
  }

  const assertHeadStillThere = async (model: string, { head }: ModelState): Promise<void> => {
    if (head.n < 0 || (await log.has(model, head.n))) return
    await log.assertPresent()
    for (const waitMs of GAP_WAITS_MS) {
      await sources.sleep(waitMs)
      if (await log.read(model, head.n, {})) return
    }
    throw rollback(model, head.n)
  }

  const refresh = async (model: string): Promise<KnownModel> => {
    let known = models.get(model)
    if (!known) {
      const state = await stateOfSnapshot(model)
      known = { state: state ?? emptyState(model), snapshotN: state?.head.n ?? -1, unknown: undefined, listed: false, written: false }
      revision += 1
    }
    try {
      await extend(model, known)
    } catch (error) {
      // It may have gone meanwhile; then nothing that was found, or not found, tells anything.
      await log.assertPresent()
      throw error
    }
    // A name that has no journal is not remembered: anybody may ask for any name.
    if (known.state.head.n >= 0) models.set(model, known)
    else await log.assertPresent()
    return known
  }

  const stateOfSnapshot = async (model: string): Promise<ModelState | undefined> => {
    const bytes = await log.readSnapshot(model)
    const state = bytes && decodeSnapshot(bytes, model)
    if (!state || state.head.n < 0) return undefined
    const event = await log.read(model, state.head.n, {})
    return event && sha256Hex(event) === state.head.hash ? state : undefined
  }

  const fresh = (model: string): KnownModel | undefined => {
    const known = models.get(model)
    if (!known || lines.has(model)) return undefined
    const { n } = known.state.head
    return log.has(model, n + 1) === false && log.has(model, n) === true ? known : undefined
  }

  const load = (model: string): Promise<KnownModel> => {
    const known = fresh(model)
    // An event behind a missing one is no business of a search through all models, but whoever asks for this one is told of it.
    if (known && log.has(model, known.state.head.n + 2) === false) return Promise.resolve(known)
    const line = lines.get(model)
    // A load under way may have looked before this call was made; all that come while it runs share the one after it.
    if (line) return (line.next ??= line.current.then(noop, noop).then(() => begin(model)))
    return begin(model)
  }

  const begin = (model: string): Promise<KnownModel> => {
    const line: { current: Promise<KnownModel>; next: Promise<KnownModel> | undefined } = { current: refresh(model), next: undefined }
    lines.set(model, line)
    const end = (): void => {
      if (!line.next && lines.get(model) === line) lines.delete(model)
    }
    line.current.then(end, end)
    return line.current
  }

  return {
    load,
    fresh,
    async loadListed(model) {
      const known = await load(model)
      if (known.listed) return known
      const { numbers } = await log.slots(model, {})
      const missing = numbers.findIndex((number, index) => number !== index)
      if (missing !== -1 && !(await log.has(model, missing))) throw gap(model, missing)
      known.listed = true
      return known
    },
    accept(model, event, hash) {
      let known = models.get(model)
      if (!known && event.n === 0) {
        known = { state: emptyState(model), snapshotN: -1, unknown: undefined, listed: true, written: false }
        models.set(model, known)
      }
      if (known && known.state.head.n === event.n - 1 && known.state.head.hash === event.prev) {
        applyEvent(known.state, event, hash)
        revision += 1
      }
    },
    known: () => models,
    revision: () => revision
  }
}

function noop(): void {
  // The failure of the load before is reported to those who asked for it.
}

function gap(model: string, n: number): StemmaError {
  return new StemmaError('LOG_GAP', `event ${n} of ${model} is missing between others`, {
    hint: 'On a network file system try again; else restore the file from a backup.',
    details: { model, n }
  })
}

function rollback(model: string, n: number): StemmaError {
  return new StemmaError('ROLLBACK_DETECTED', `event ${n} of ${model} is gone or other than what this process has read before`, {
    hint: 'The store was set back or exchanged. Find out by whom; a new process accepts what is there now.',
    details: { model, n }
  })
}
