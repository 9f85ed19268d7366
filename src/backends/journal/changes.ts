import type { CallOptions } from '../../util/options.js'
import type { Engine } from './engine.js'

/** See `Backend.changes`. `closed` ends it without an error. */
export async function* changes(engine: Engine, name: string, closed: AbortSignal, { signal }: CallOptions): AsyncGenerator<void> {
  const ended = signal ? AbortSignal.any([signal, closed]) : closed
  let seenN: number | undefined
  const isClosed = (): boolean => closed.aborted
  for (;;) {
    signal?.throwIfAborted()
    if (isClosed()) return
    // Begun before the look at the journal, so that nothing falls between the two.
    const waiting = new AbortController()
    const changed = engine.log.waitForChange(name, { signal: AbortSignal.any([ended, waiting.signal]) })
    changed.catch(() => undefined)
    try {
      const { n } = (await engine.states.load(name)).state.head
      if (n !== seenN) {
        seenN = n
        yield
      } else {
        await changed
      }
    } catch (error) {
      signal?.throwIfAborted()
      if (isClosed()) return
      throw error
    } finally {
      waiting.abort()
    }
  }
}
