// What the example programs share: they run when they are started, not when they are imported, and they end with a readable error.
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isStemmaError } from 'stemma'

/** Runs `main` with the arguments of the command line, if the file at `moduleUrl` is the program that was started. */
export async function runAsProgram(moduleUrl: string, main: (args: string[]) => Promise<void>): Promise<void> {
  const [, program, ...args] = process.argv
  if (program === undefined || realpathSync(program) !== fileURLToPath(moduleUrl)) return
  try {
    await main(args)
  } catch (error) {
    if (!isStemmaError(error)) throw error
    console.error(`${error.code}: ${error.message}${error.hint === undefined ? '' : `\n${error.hint}`}`)
    process.exitCode = 1
  }
}

/** `0.1234` as `12.3 %`. */
export function percent(share: number | undefined): string {
  return share === undefined ? 'n/a' : `${(100 * share).toFixed(1)} %`
}

/** The start of a digest, enough to recognise it. */
export function short(digest: string): string {
  return digest.slice(0, 'sha256:'.length + 12)
}
