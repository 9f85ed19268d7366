import type { Writable } from 'node:stream'
import { types } from 'node:util'
import { isStemmaError } from '../errors/stemma-error.js'

/** Where a command reads from and writes to. */
export interface Terminal {
  out: Writable
  err: Writable
  /** Calls back once, when the process is asked to stop. @returns takes the callback back */
  onStop: (stop: () => void) => () => void
}

/** What a command ends with. */
export const EXIT = {
  done: 0,
  failed: 1,
  /** The command line is wrong. */
  usage: 2
} as const

/** Says what failed and what to do, in two lines. */
export function tellError({ err }: Pick<Terminal, 'err'>, error: unknown): void {
  if (!isStemmaError(error)) {
    err.write(`stemma: ${types.isNativeError(error) ? error.message : String(error)}\n`)
    return
  }
  err.write(`stemma: ${error.message} (${error.code})\n${error.hint === undefined ? '' : `  ${error.hint}\n`}`)
}
