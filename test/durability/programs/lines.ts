import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'

/** Answers each line of JSON on stdin with one on stdout, until stdin ends. */
export async function answerLines(answer: (request: unknown) => Promise<unknown>): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) say(await answer(JSON.parse(line)))
}

/** Says something at once: it is in the pipe when this returns, whatever becomes of the process. */
export function say(value: unknown): void {
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`)
  let written = 0
  while (written < bytes.length) {
    try {
      written += writeSync(1, bytes, written)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error
    }
  }
}
