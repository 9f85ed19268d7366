import { openSync, readFileSync, statSync } from 'node:fs'

/** Kinds of calls, as shim/fault.c numbers them. */
export const KINDS = [
  'create', 'write', 'sync', 'close', 'link', 'rename', 'unlink', 'mkdir', 'times', 'mode', 'truncate', 'copy',
  'open', 'read', 'stat', 'list', 'close-read'
] as const
export type Kind = (typeof KINDS)[number]

/** The calls that change what is stored. */
export const CHANGING: readonly Kind[] = KINDS.slice(0, 12)

/** K: kill before, A: kill after, T: kill within a write; E: fail, L: succeed and report failure, Z: do nothing and report success, H: half a write. */
export type Action = 'K' | 'A' | 'T' | 'E' | 'L' | 'Z' | 'H'

/** What is to happen at which calls. */
export interface Plan {
  action: Action
  /** From 1. */
  from: number
  to: number
  errno: number
  kinds: readonly Kind[]
  /** Only calls whose path contains this. */
  text?: string | undefined
}

/** Never: counts only. */
export const COUNT_ONLY = 1_000_000_000

function command(text: string): void {
  try {
    openSync(`/@fault/${text}`, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw error
  }
}

/** Steers the shim that stands below this process. */
export const faults = {
  watch(folder: string): void {
    command(`watch${folder}`)
  },
  log(path: string): void {
    command(`log${path}`)
  },
  arm({ action, from, to, errno, kinds, text = '' }: Plan): void {
    const mask = kinds.reduce((sum, kind) => sum + 2 ** KINDS.indexOf(kind), 0)
    command(`arm/${action},${from},${to},${errno},${mask},${text}`)
  },
  /** Leaves a mark in the log of calls. */
  mark(folder: string, name: string): void {
    statSync(`${folder}/@${name}`, { throwIfNoEntry: false })
  },
  off(): void {
    command('off')
  },
  /** Throws when the shim is not there: then nothing would be tested. */
  status(): { counted: number; fired: number } {
    const [counted = 0, fired = 0] = readFileSync('/@fault/status', 'utf8').split(' ').map(Number)
    return { counted, fired }
  }
}
