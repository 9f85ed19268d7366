import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { parseJsonStrictly } from '../../src/record/parse-json.js'
import { createTransport } from '../../src/transport/create-transport.js'
import type { Transport, TransportOptions } from '../../src/transport/transport.js'
import { systemSources, type Sources, type Ticker } from '../../src/util/sources.js'
import { decodeError, errorBodySchema } from '../../src/wire/error-body.js'

/** What looks like a secret, and must never be seen. */
export const TOKEN = 'stm_SECRET_0123456789abcdef'

/** A transport whose waits take no time, and are written down. */
export interface TestTransport extends Transport {
  /** The waits between attempts, milliseconds. */
  readonly waits: number[]
  /** Moves the clock of waits and of the circuit. */
  advance(byMs: number): void
  /** Lets time pass for the watchdog. */
  tick(byMs: number): void
}

/** Sources whose sleeps only move their own clock. */
function quickSources(waits: number[], atMs: number | undefined): Sources & { advance(byMs: number): void } {
  let nowMs = 0
  return {
    ...systemSources,
    ...(atMs === undefined ? {} : { now: () => atMs }),
    monotonicNow: () => nowMs,
    sleep(delayMs, signal) {
      waits.push(delayMs)
      nowMs += delayMs
      return new Promise((resolve, reject) => {
        setImmediate(() => {
          if (signal?.aborted === true) reject(signal.reason as Error)
          else resolve()
        })
      })
    },
    advance(byMs) {
      nowMs += byMs
    }
  }
}

/** @param atMs what the clock says. @default the machine's */
export function testTransport(baseUrl: string, options: Partial<TransportOptions> = {}, atMs?: number): TestTransport {
  const waits: number[] = []
  const sources = quickSources(waits, atMs)
  const ticks = new Set<() => void>()
  const ticker: Ticker = (_intervalMs, onTick) => {
    ticks.add(onTick)
    return () => ticks.delete(onTick)
  }
  const transport = createTransport({
    baseUrl,
    token: TOKEN,
    userAgent: 'stemma/test',
    sources,
    ticker,
    parseJson: parseJsonStrictly,
    readError(body) {
      const parsed = errorBodySchema.safeParse(body)
      return parsed.success ? decodeError(parsed.data) : undefined
    },
    ...options
  })
  onTestFinished(() => {
    transport.close()
  })
  return {
    ...transport,
    waits,
    advance: (byMs) => {
      sources.advance(byMs)
    },
    tick(byMs) {
      for (let passed = 0; passed < byMs; passed += 500) for (const onTick of [...ticks]) onTick()
    }
  }
}

/** A server of a handler, and its address. */
export async function serve(handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<{ url: string; server: Server }> {
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => {
          resolve()
        })
      })
  )
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

/** Answers with JSON. */
export function answer(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}
