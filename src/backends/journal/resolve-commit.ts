import { StemmaError } from '../../errors/stemma-error.js'
import type { CallOptions } from '../../util/options.js'
import type { Engine } from './engine.js'
import { commitIdOf } from './write-slot.js'

/** See `Backend.resolveCommit`. Newest first: an outcome is asked for soon after it was unknown. */
export async function resolveCommit(engine: Engine, name: string, commitId: string, options: CallOptions): Promise<{ n: number } | undefined> {
  const { state } = await engine.states.load(name)
  for (let n = state.head.n; n >= 0; n -= 1) {
    options.signal?.throwIfAborted()
    const bytes = await engine.log.read(name, n, options)
    if (!bytes || commitIdOf(bytes) !== commitId) continue
    const hardened = await engine.hardener.harden(name, n)
    if (hardened.outcome === 'durable') return { n }
    throw new StemmaError('IO', `the commit is event ${n} of ${name}, but whether it outlasts a power cut cannot be told`, {
      hint: 'Check the disk and the system log, and ask again.',
      details: { model: name, n, commitId },
      cause: hardened.cause
    })
  }
  return undefined
}
