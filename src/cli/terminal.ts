import type { Writable } from 'node:stream'

/** Why a command is to stop: a signal, or nobody reads what it writes any more. */
export type StopReason = 'SIGINT' | 'SIGTERM' | 'EPIPE'

/** A stream that may be a terminal, which then has columns and colours. */
export type OutputStream = Writable & { readonly isTTY?: boolean | undefined; readonly columns?: number | undefined }

/** Where a command writes to, and who stops it. */
export interface Terminal {
  out: OutputStream
  err: OutputStream
  /** Variables that colours depend on. @default those of the process */
  environment?: Readonly<Record<string, string | undefined>> | undefined
  /** Calls back once, when the command is asked to stop. @returns takes the callback back */
  onStop: (stop: (reason: StopReason) => void) => () => void
}
