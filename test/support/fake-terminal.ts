import { Writable } from 'node:stream'
import { runCommandLine } from '../../src/cli/run-command-line.js'
import type { StopReason, Terminal } from '../../src/cli/terminal.js'

/** A terminal that keeps what it is told. */
export interface FakeTerminal extends Terminal {
  text: { out: string; err: string }
  stop: (reason?: StopReason) => void
  /** What a pattern finds first in what is said beside the result, or in the result. */
  until: (pattern: RegExp, where?: 'out' | 'err') => Promise<string>
}

/** What a command has said and ended with. */
export interface Ended {
  code: number
  out: string
  err: string
}

/** A terminal, or by default a pair of pipes, that keeps what it is told. */
export function fakeTerminal({ isTTY = false, environment = {} }: { isTTY?: boolean; environment?: Record<string, string> } = {}): FakeTerminal {
  const text = { out: '', err: '' }
  const waiting: (() => void)[] = []
  let stop: (reason: StopReason) => void = () => undefined
  const into = (name: 'out' | 'err'): Terminal['out'] =>
    Object.assign(
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          text[name] += String(chunk)
          for (const look of waiting) look()
          done()
        }
      }),
      { isTTY, columns: 200 }
    )
  return {
    text,
    environment,
    out: into('out'),
    err: into('err'),
    onStop: (callback) => {
      stop = callback
      return () => undefined
    },
    stop: (reason = 'SIGTERM') => {
      stop(reason)
    },
    until: (pattern, where = 'err') =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = pattern.exec(text[where])?.[1]
          if (found !== undefined) resolve(found)
        }
        waiting.push(look)
        look()
      })
  }
}

/** Runs a command line in this process. */
export async function runStemma(words: readonly string[], terminal = fakeTerminal()): Promise<Ended> {
  const code = await runCommandLine(words, terminal)
  return { code, ...terminal.text }
}
