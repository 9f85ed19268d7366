import type { LogStore } from './log-store.js'

type Outcome = Awaited<ReturnType<LogStore['harden']>>

/** Makes events durable, once for all that wait at the same time. */
export interface Hardener {
  /** Resolves when event `n` of a model, and with it all before, is durable, or when the operating system cannot tell. */
  harden(model: string, n: number): Promise<Outcome>
}

interface Line {
  /** The last event that is known to be durable. */
  durableN: number
  /** The last event that somebody waits for. */
  wantedN: number
  running: Promise<Outcome>
  waiting: Promise<Outcome> | undefined
}

/** Remembers what is durable, so that it is asked for only once. */
export function createHardener(log: LogStore): Hardener {
  const lines = new Map<string, Line>()
  const durable: Outcome = { outcome: 'durable' }

  // Those who come while one run is under way are not covered by it; they share the next.
  const runAfter = async (model: string, line: Line): Promise<Outcome> => {
    await line.running
    const coversN = line.wantedN
    line.waiting = undefined
    line.running = log.harden(model).catch((cause: unknown): Outcome => ({ outcome: 'uncertain', cause }))
    const outcome = await line.running
    if (outcome.outcome === 'durable') line.durableN = Math.max(line.durableN, coversN)
    return outcome
  }

  return {
    async harden(model, n) {
      const line = lines.get(model) ?? { durableN: -1, wantedN: -1, running: Promise.resolve(durable), waiting: undefined }
      lines.set(model, line)
      if (n <= line.durableN) return durable
      line.wantedN = Math.max(line.wantedN, n)
      line.waiting ??= runAfter(model, line)
      return line.waiting
    }
  }
}
