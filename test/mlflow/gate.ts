import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * What becomes of a request.
 * - `pass`: it is answered by the server,
 * - `fail`: it is answered with status 500 and a page, as by what stands before a server that is ill,
 * - `hold`: it does not reach the server, and nothing answers,
 * - `halve`: the server gets the first half of its body, and nothing answers,
 * - `withhold`: the server has done what was asked, and nothing answers.
 */
export type Fate = 'pass' | 'fail' | 'hold' | 'halve' | 'withhold'

/** A proxy before a server that decides for each request what becomes of it. */
export interface Gate {
  readonly url: string
  /** How many requests came since the last `decide`. */
  count(): number
  /** Decides for those to come, counted from 0. */
  decide(fate: (index: number, request: IncomingMessage) => Fate): void
  /** Resolves when a request is as far as its fate lets it: held, halved or withheld. */
  whenHeld(): Promise<void>
  /** Lets all that come pass, and cuts the connections of those that nothing answers. */
  release(): void
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

  const server = createServer((incoming, outgoing) => {
    const fate = fateOf(count, incoming)
    count += 1
    if (fate === 'fail') fail(incoming, outgoing)
    else if (fate === 'hold') onHeld()
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
    async whenHeld() {
      if (held === 0) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    release() {
      fateOf = () => 'pass'
      server.closeAllConnections()
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}

function fail(incoming: IncomingMessage, outgoing: ServerResponse): void {
  incoming.resume()
  incoming.once('end', () => {
    outgoing.writeHead(500, { 'content-type': 'text/html' })
    outgoing.end('<!doctype html><title>500 Internal Server Error</title><h1>Internal Server Error</h1>')
  })
}
