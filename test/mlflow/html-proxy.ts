import { createServer, request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A proxy that answers some requests itself, as what stands before a server does when that is ill. */
export interface HtmlProxy {
  readonly url: string
  /** How many requests came. */
  count(): number
  /** Which of those to come, counted from 0, get status 500 and a page. Counts anew. */
  fail(decide: (index: number, request: IncomingMessage) => boolean): void
  close(): Promise<void>
}

/** Starts it before a server. */
export async function startHtmlProxy(target: string): Promise<HtmlProxy> {
  let decide: (index: number, request: IncomingMessage) => boolean = () => false
  let count = 0
  const server = createServer((incoming, outgoing) => {
    const index = count
    count += 1
    if (decide(index, incoming)) {
      incoming.resume()
      incoming.once('end', () => {
        outgoing.writeHead(500, { 'content-type': 'text/html' })
        outgoing.end('<!doctype html><title>500 Internal Server Error</title><h1>Internal Server Error</h1>')
      })
      return
    }
    const { hostname, port } = new URL(target)
    const passed = request({ hostname, port, path: incoming.url, method: incoming.method, headers: incoming.headers }, (reply) => {
      outgoing.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(outgoing)
    })
    passed.once('error', () => outgoing.destroy())
    incoming.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    count: () => count,
    fail(next) {
      decide = next
      count = 0
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}
