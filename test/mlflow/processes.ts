import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { statusOverTls, type ServerTls } from './tls-request.js'

const START_MS = 180_000

/** A port that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        if (typeof address === 'object' && address) resolve(address.port)
        else reject(new Error('no port'))
      })
    })
  })
}

/** Waits until something answers with success; shows the end of its log when it does not. */
export async function answers(url: string, child: ChildProcess, log: string, tls?: ServerTls): Promise<void> {
  const until = Date.now() + START_MS
  while (Date.now() < until) {
    if (child.exitCode !== null) break
    if (await isUp(url, tls)) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await end(child)
  throw new Error(`the server did not answer at ${url}:\n${readFileSync(log, 'utf8').slice(-4_000)}`)
}

async function isUp(url: string, tls: ServerTls | undefined): Promise<boolean> {
  if (tls) return (await statusOverTls(url, tls)) === 200
  return fetch(url).then(
    (reply) => reply.ok,
    () => false
  )
}

/** Sees to it that a process and those that it started end with this one, however that ends. */
export function endsWithUs({ pid }: ChildProcess): void {
  if (pid === undefined) return
  process.once('exit', () => {
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // It has ended.
    }
  })
}

/** Kills a process and those that it started, and waits until none of them is left. */
export async function end(child: ChildProcess): Promise<void> {
  const { pid } = child
  if (pid === undefined) return
  const isKilled = (): boolean => {
    try {
      return !process.kill(-pid, 'SIGKILL')
    } catch {
      // Nobody of the group is left.
      return true
    }
  }
  while (!isKilled()) await new Promise((resolve) => setTimeout(resolve, 20))
}
