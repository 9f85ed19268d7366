import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * What becomes of a request.
 * - `pass`: it is answered by the server,
 * - `fail`: it is answered with status 500 and a page, as by what stands before a server that is ill,
 * - `delay`: it reaches the server when the gate lets it go on,
 * - `hold`: it does not reach the server, and nothing answers,
 * - `halve`: the server gets the first half of its body, and nothing answers,
 * - `withhold`: the server has done what was asked, and nothing answers.
 */
export type Fate = 'pass' | 'fail' | 'delay' | 'hold' | 'halve' | 'withhold'

/** A proxy before a server that decides for each request what becomes of it. */
export interface Gate {
  readonly url: string
  /** How many requests came since the last `decide`. */
  count(): number
  /** Decides for those to come, counted from 0. */
  decide(fate: (index: number, request: IncomingMessage) => Fate): void
  /** Resolves when so many requests, 1 if not said, have come as far as their fate lets them: delayed, held, halved or withheld. */
  whenHeld(count?: number): Promise<void>
  /** Lets those go on that are delayed. */
  release(): void
  /** Lets all that come pass, and cuts the connections of those that nothing answers. */
  cut(): void
  close(): Promise<void>
}

/** Starts a gate before a server. */
export async function startGate(target: string): Promise<Gate> {
  const { hostname, port: targetPort } = new URL(target)
  let fateOf: (index: number, request: IncomingMessage) => Fate = () => 'pass'
  let count = 0
  let held = 0
  const waiting: (() => void)[] = []
  const onHeld = (): void => {
    held += 1
    for (const resume of waiting.splice(0)) resume()
  }
  const delayed: (() => void)[] = []

  const server = createServer((incoming, outgoing) => {
    const fate = fateOf(count, incoming)
    count += 1
    if (fate === 'fail') fail(incoming, outgoing)
    else if (fate === 'hold') onHeld()
    else if (fate === 'delay') {
      delayed.push(() => {
        forward(incoming, outgoing, 'pass')
      })
      onHeld()
    }
    else forward(incoming, outgoing, fate)
  })

  const forward = (incoming: IncomingMessage, outgoing: ServerResponse, fate: 'pass' | 'halve' | 'withhold'): void => {
    const passed = request({ hostname, port: targetPort, path: incoming.url, method: incoming.method, headers: incoming.headers }, (reply) => {
      if (fate === 'withhold') {
        reply.resume().once('end', onHeld)
        return
      }
      outgoing.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(outgoing)
      reply.once('error', () => outgoing.destroy())
    })
    passed.once('error', () => outgoing.destroy())
    if (fate !== 'halve') {
      incoming.pipe(passed)
      return
    }
    let left = Math.floor(Number(incoming.headers['content-length']) / 2)
    incoming.on('data', (chunk: Buffer) => {
      if (left <= 0) return
      passed.write(chunk.subarray(0, left), () => {
        if (left <= 0) onHeld()
      })
      left -= chunk.byteLength
    })
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    count: () => count,
    decide(next) {
      fateOf = next
      count = 0
    },
    async whenHeld(wanted = 1) {
      while (held < wanted) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    release() {
      for (const goOn of delayed.splice(0)) goOn()
    },
    cut() {
      fateOf = () => 'pass'
      server.closeAllConnections()
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}

/** A fate for the second request to a path; all others pass. */
export function second(path: string, fate: Fate): (index: number, request: IncomingMessage) => Fate {
  let seen = 0
  return (_, { url }) => {
    if (url?.endsWith(path) !== true) return 'pass'
    seen += 1
    return seen === 2 ? fate : 'pass'
  }
}

function fail(incoming: IncomingMessage, outgoing: ServerResponse): void {
  incoming.resume()
  incoming.once('end', () => {
    outgoing.writeHead(500, { 'content-type': 'text/html' })
    outgoing.end('<!doctype html><title>500 Internal Server Error</title><h1>Internal Server Error</h1>')
  })
}
