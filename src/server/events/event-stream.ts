import type { Call, ServerContext } from '../context.js'

/** A reply of server-sent events. */
export interface EventStream {
  /** Sends an event. @returns whether the client keeps up; what it need not have may be left out while it does not. */
  send(event: string, data: unknown): boolean
  /** Whether what was sent has gone out. */
  readonly isFlowing: boolean
  /** Resolves when what was sent has gone out, or the connection has ended. */
  drained(): Promise<void>
  end(): void
}

/**
 * Begins a reply of server-sent events, which a comment now and then keeps alive.
 *
 * @param commentMs between two comments.
 */
export function openEventStream({ outgoing, signal }: Call, { sources }: Pick<ServerContext, 'sources'>, commentMs: number): EventStream {
  const over = new AbortController()
  const ended = AbortSignal.any([signal, over.signal])
  outgoing.writeHead(200, {
    'content-type': 'text/event-stream',
    // A proxy must not wait until it has a buffer full of events.
    'x-accel-buffering': 'no'
  })
  outgoing.flushHeaders()
  outgoing.once('close', () => {
    over.abort()
  })
  const keepAlive = async (): Promise<void> => {
    for (let hasWaited = false; ; hasWaited = outgoing.writableNeedDrain) {
      await sources.sleep(commentMs, ended)
      if (!outgoing.writableNeedDrain) outgoing.write(': still here\n\n')
      // Between two comments nothing of the one before has gone out.
      else if (hasWaited) outgoing.destroy()
    }
  }
  keepAlive().catch(() => undefined)
  return {
    send: (event, data) => outgoing.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    get isFlowing() {
      return !outgoing.writableNeedDrain
    },
    drained: () =>
      new Promise((resolve) => {
        if (!outgoing.writableNeedDrain || ended.aborted) {
          resolve()
          return
        }
        const done = (): void => {
          outgoing.off('drain', done)
          ended.removeEventListener('abort', done)
          resolve()
        }
        outgoing.once('drain', done)
        ended.addEventListener('abort', done, { once: true })
      }),
    end: () => {
      over.abort()
      outgoing.end()
    }
  }
}

/** Whether a request would like its reply as events. */
export function wantsEvents({ incoming }: Call): boolean {
  return /(?:^|,)\s*text\/event-stream\s*(?:[;,]|$)/i.test(incoming.headers.accept ?? '')
}
