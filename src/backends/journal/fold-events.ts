import { StemmaError } from '../../errors/stemma-error.js'
import { applyEvent, emptyState } from '../../record/apply-event.js'
import type { ModelState } from '../../record/model-state.js'
import type { ModelEvent } from '../../schemas/event.js'
import type { CallOptions } from '../../util/options.js'
import type { Engine } from './engine.js'
import { decodeEvent, type DecodedEvent } from './event-file.js'

/** Events that are read ahead of the fold. */
const READ_AHEAD = 16

/** The events of a model from the first to `lastN`, checked, oldest first; those that may be passed over are left out. */
export async function* readEvents(
  { log }: Pick<Engine, 'log'>,
  model: string,
  lastN: number,
  options: CallOptions
): AsyncGenerator<{ event: ModelEvent | undefined; hash: string; head: DecodedEvent['head'] }> {
  let prev: string | null = null
  for (let from = 0; from <= lastN; from += READ_AHEAD) {
    options.signal?.throwIfAborted()
    const count = Math.min(READ_AHEAD, lastN - from + 1)
    const slots = await Promise.all(Array.from({ length: count }, (_, index) => log.read(model, from + index, options)))
    for (const [index, bytes] of slots.entries()) {
      const n = from + index
      if (!bytes) {
        await log.assertPresent()
        throw new StemmaError('LOG_GAP', `event ${n} of ${model} is missing`, { details: { model, n } })
      }
      const decoded: DecodedEvent = decodeEvent(bytes, { model, n, prev, path: log.fileName(model, n) })
      prev = decoded.hash
      yield decoded
    }
  }
}

/** The state of a model as event `n` left it, and that event. */
export async function stateAt(engine: Pick<Engine, 'log'>, model: string, n: number): Promise<{ state: ModelState; event: ModelEvent }> {
  const state = emptyState(model)
  let last: ModelEvent | undefined
  for await (const decoded of readEvents(engine, model, n, {})) {
    foldInto(state, decoded)
    last = decoded.event
  }
  if (!last) throw new StemmaError('LOG_CORRUPT', `event ${n} of ${model} cannot be read`, { details: { model, n } })
  return { state, event: last }
}

/** The state of a model as it was at an instant: all events that are not later. */
export async function stateAtTime(engine: Pick<Engine, 'log'>, model: string, lastN: number, atMs: number, options: CallOptions) {
  const state = emptyState(model)
  for await (const decoded of readEvents(engine, model, lastN, options)) {
    if (decoded.head.ts > atMs) break
    foldInto(state, decoded)
  }
  return state
}

/** Applies an event, or, for one that may be passed over, only moves the head. */
export function foldInto(state: ModelState, { event, head, hash }: DecodedEvent): void {
  if (event) applyEvent(state, event, hash)
  else state.head = { n: head.n, hash, ts: head.ts }
}
