/** One piece of work that many ask for: it runs once at a time, and whoever asks gets a run that began after the question. */
export interface Turns {
  /** Resolves when a run that began after this call has ended. */
  after(): Promise<void>
}

/** @param work what is to be run. */
export function createTurns(work: () => Promise<void>): Turns {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined

  const begin = (): Promise<void> => {
    const run = work()
    running = run
    const end = (): void => {
      if (running === run) running = undefined
    }
    run.then(end, end)
    return run
  }

  return {
    after() {
      if (!running) return begin()
      next ??= running.then(noop, noop).then(() => {
        next = undefined
        return begin()
      })
      return next
    }
  }
}

function noop(): void {
  // How the run before ended is told to those who asked for it.
}
