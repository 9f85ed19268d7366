import { once } from 'node:events'
import type { Command } from 'commander'
import type { Logger } from '../registry/context.js'
import type { OpenRegistryOptions } from '../registry/open-registry.js'
import type { Registry } from '../registry/registry.js'
import { EXIT, EXIT_OF_STOP, exitCodeOf } from './exit-codes.js'
import { commandWords } from './output/command-words.js'
import { paintFor, type Paint } from './output/paint.js'
import { plainJson, plainText } from './output/plain-text.js'
import { showProgress, type ProgressBar } from './output/show-progress.js'
import { tableText, type Column } from './output/table.js'
import { tellError } from './output/tell-error.js'
import type { StopReason, Terminal } from './terminal.js'

/** A command line that is being run. */
export interface CommandLine {
  program: Command
  terminal: Terminal
  /** Takes what the process is to end with. */
  finish: (exitCode: number) => void
}

/** Options that commands have in common. */
export interface CommonOptions {
  registry?: string
  proxy?: string
  allowInsecureHttp?: boolean
  json?: boolean
  progress?: boolean
}

/** What a running command works with. */
export interface Session {
  readonly terminal: Terminal
  /** Aborted when the command is asked to stop. */
  readonly signal: AbortSignal
  readonly isJson: boolean
  /** As given; absent: the library's own default. */
  readonly target: string | undefined
  readonly logger: Logger
  /** Colours of what the command gives. */
  readonly paint: Paint
  /** Writes text as it is. */
  write: (text: string) => Promise<void>
  /** Gives one result: a line of JSON for programs, text for people. Also when nobody reads it to its end, what the command found out counts. */
  give: (value: unknown, text: () => string | Promise<string>) => Promise<void>
  /** Gives many: a line of JSON each, as they come; a table for people. */
  giveAll: <T>(items: AsyncIterable<T> | Iterable<T>, columns: readonly Column<T>[], none: string) => Promise<void>
  /** Says something besides the result, to people only. */
  note: (text: string) => void
  /** Opens the registry, and closes it after the work. */
  withRegistry: <T>(work: (registry: Registry) => Promise<T>, options?: OpenRegistryOptions) => Promise<T>
  /** Draws a bar while the work runs. */
  withProgress: <T>(work: (onProgress: ProgressBar['onProgress']) => Promise<T>) => Promise<T>
}

/** Why a command was stopped. */
class Stopped extends Error {
  override readonly name = 'AbortError'
  readonly reason: StopReason
  constructor(reason: StopReason) {
    super(`stopped by ${reason}`)
    this.reason = reason
  }
}

/** Runs a command: what it ends with, its errors and its end by a signal are the same for all. */
export async function inSession(line: CommandLine, options: CommonOptions, work: (session: Session) => Promise<number | undefined>): Promise<void> {
  const { terminal, finish, program } = line
  const stopped = new AbortController()
  const common = { ...program.opts<CommonOptions>(), ...options }
  const isJson = common.json === true
  const forget = terminal.onStop((reason) => {
    stopped.abort(new Stopped(reason))
  })
  try {
    finish((await work(openSession(terminal, common, stopped.signal))) ?? EXIT.done)
  } catch (error) {
    const reason: unknown = stopped.signal.reason
    const isStopped = reason instanceof Stopped
    if (!isStopped || error !== reason) tellError(terminal, error, isJson)
    else if (reason.reason !== 'EPIPE' && !isJson) terminal.err.write('stemma: stopped\n')
    finish(isStopped ? EXIT_OF_STOP[reason.reason] : exitCodeOf(error))
  } finally {
    forget()
  }
}

function openSession(terminal: Terminal, options: CommonOptions, signal: AbortSignal): Session {
  const { out, err, environment } = terminal
  const isJson = options.json === true
  const { registry: target, proxy, allowInsecureHttp } = options
  const paint = paintFor(out, environment)
  const write = async (text: string): Promise<void> => {
    if (out.write(text)) return
    try {
      await once(out, 'drain', { signal })
    } catch (error) {
      signal.throwIfAborted()
      throw error
    }
  }
  const note = (text: string): void => {
    if (!isJson) err.write(`${plainText(text)}\n`)
  }
  const logger = toTerminal(terminal, isJson)
  return {
    terminal,
    signal,
    isJson,
    target,
    logger,
    paint,
    write,
    note,
    give: async (value, text) => {
      const result = isJson ? `${plainJson(value)}\n` : await text()
      await write(result).catch((error: unknown) => {
        if (!(signal.reason instanceof Stopped) || signal.reason.reason !== 'EPIPE') throw error
      })
    },
    giveAll: async (items, columns, none) => {
      if (isJson) {
        for await (const item of items) await write(`${plainJson(item)}\n`)
        return
      }
      const rows: Parameters<(typeof columns)[number]['value']>[0][] = []
      for await (const item of items) rows.push(item)
      await write(await tableText(rows, columns, paint, none))
    },
    withRegistry: async (work, more) => {
      const { openRegistry } = await import('../registry/open-registry.js')
      // Only what writes makes a registry where there is none: a mistyped folder must not look like an empty registry.
      let isOpen = false
      // A registry at an address opens also while it is out of reach: the call says so then.
      const warn: Logger['warn'] = (message, data) => {
        if (isOpen || data?.['code'] !== 'REGISTRY_UNAVAILABLE') logger.warn?.(message, data)
      }
      const registry = await openRegistry(target, { create: false, logger: { ...logger, warn }, signal, proxy, allowInsecureHttp, ...more })
      isOpen = true
      try {
        return await work(registry)
      } finally {
        await registry.close()
      }
    },
    withProgress: async (work) => {
      const bar = await showProgress(terminal, options.progress !== false && !isJson)
      try {
        return await work(bar.onProgress)
      } finally {
        bar.stop()
      }
    }
  }
}

function toTerminal({ err, environment }: Terminal, isJson: boolean): Logger {
  const paint = paintFor(err, environment)
  const write = (kind: 'warning' | 'error', message: string): void => {
    err.write(isJson ? `${plainJson({ [kind]: { message } })}\n` : `stemma: ${paint('warning', kind)}: ${plainText(commandWords(message))}\n`)
  }
  return {
    warn: (message) => {
      write('warning', message)
    },
    error: (message) => {
      write('error', message)
    }
  }
}
