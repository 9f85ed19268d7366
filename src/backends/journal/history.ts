import { emptyState } from '../../record/apply-event.js'
import { describeEvent } from '../../record/history-entry.js'
import { locateVersion } from '../../record/resolve-reference.js'
import type { HistoryEntry } from '../../schemas/history.js'
import type { Reference } from '../../schemas/reference.js'
import type { CallOptions } from '../../util/options.js'
import type { Engine } from './engine.js'
import { foldInto, readEvents } from './fold-events.js'
import { existingState, stateFor } from './read-model.js'

/** See `Backend.history`. A reference may also name a deleted version: what became of it is what a history is for. */
export async function* history(
  engine: Engine,
  target: { name: string; reference?: Reference | undefined },
  options: CallOptions
): AsyncGenerator<HistoryEntry> {
  const { name, reference } = target
  const lastN = (await existingState(engine, name, options)).head.n
  const version = reference && locateVersion(await stateFor(engine, reference, options), reference, engine.policy).version
  const before = emptyState(name)
  for await (const decoded of readEvents(engine, name, lastN, options)) {
    if (decoded.event) {
      const entry = describeEvent(before, decoded.event, decoded.hash)
      if (version === undefined || concerns(entry, version)) yield entry
    }
    foldInto(before, decoded)
  }
}

function concerns(entry: HistoryEntry, version: string): boolean {
  return entry.version === version || entry.replaced === version || entry.changes.some((change) => change.version === version)
}
