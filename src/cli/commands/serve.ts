import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import { isStemmaError } from '../../errors/stemma-error.js'
import type { Logger } from '../../registry/context.js'
import { defaultTarget } from '../../registry/default-target.js'
import { integer, list } from '../arguments.js'
import { defineCommand } from '../define-command.js'
import { commandWords } from '../output/command-words.js'
import { plainJson, plainText } from '../output/plain-text.js'
import { inSession, type CommandLine, type CommonOptions, type Session } from '../session.js'
import type { Terminal } from '../terminal.js'

interface ServeOptions extends CommonOptions {
  host: string
  port: number
  tokens?: string
  allowHost: string[]
  allowOrigin: string[]
  accessLog?: string
  grace: number
}

/** `stemma serve`: a registry over HTTP, until the process is asked to stop. */
export function addServe(line: CommandLine): void {
  defineCommand(line.program, {
    usage: 'serve',
    summary: 'Serve a registry over HTTP, until it is asked to stop',
    details: 'With --json the address is printed as {"url", "registry"}, and what the operator is to know as lines of JSON.',
    examples: ['serve --registry ./.stemma', 'serve --registry /srv/models --host 0.0.0.0 --tokens tokens.json --allow-host registry.example.org']
  })
    .option('--registry <target>', 'folder of the registry (default: STEMMA_REGISTRY, else .stemma in the project)')
    .option('--host <host>', 'address to listen on; beyond this machine only with tokens', '127.0.0.1')
    .option('--port <port>', 'port to listen on, 0 for any that is free', integer(0, 65_535), 5151)
    .option('--tokens <file>', 'JSON file of tokens, see stemma token create; read again when it changes')
    .option('--allow-host <host>', 'a value of Host to answer: registry.example.org (may be repeated)', list, [])
    .option('--allow-origin <origin>', 'a value of Origin to answer (may be repeated)', list, [])
    .option('--access-log <file>', 'append a line of JSON for each request; - is standard output')
    .option('--grace <seconds>', 'time for running requests to finish when asked to stop', integer(0, 86_400), 30)
    .action(async (options: ServeOptions) => {
      await inSession(line, options, async (session) => {
        await serve(options, session)
        return undefined
      })
    })
}

async function serve(options: ServeOptions, { terminal, signal, isJson, target = defaultTarget(), write }: Session): Promise<void> {
  const { createServer } = await import('../../server/create-server.js')
  const log = options.accessLog === undefined ? undefined : openLog(options.accessLog, terminal)
  const logger = operatorLog(terminal, isJson)
  const server = createServer({
    registry: target,
    host: options.host,
    port: options.port,
    tokens: options.tokens,
    allowedHosts: options.allowHost,
    allowedOrigins: options.allowOrigin,
    accessLog: log?.stream,
    logger
  })
  try {
    const url = await server.listen()
    logger.info?.(`serving ${target}${options.tokens === undefined ? ' for this machine: whoever is on it may do everything' : ''}`)
    if (isJson && !signal.aborted) await write(`${plainJson({ url, registry: target })}\n`)
    if (!signal.aborted) await once(signal, 'abort')
    logger.info?.(`stopping; running requests have ${options.grace} s`)
  } finally {
    await server.close({ graceMs: options.grace * 1_000 })
    await log?.close()
  }
}

function openLog(path: string, terminal: Terminal): { stream: Writable; close: () => Promise<void> } {
  if (path === '-') return { stream: terminal.out, close: () => Promise.resolve() }
  const stream = createWriteStream(path, { flags: 'a', mode: 0o600 })
  stream.on('error', (error) => {
    terminal.err.write(`stemma: error: the access log cannot be written: ${error.message}\n`)
  })
  return {
    stream,
    close: () =>
      new Promise((resolve) => {
        if (stream.closed) resolve()
        else stream.once('close', resolve).end()
      })
  }
}

/** What the operator is to know, in lines of text or of JSON, in the words of the command line. */
function operatorLog({ err }: Terminal, isJson: boolean): Logger {
  const tell = (kind: 'info' | 'warning' | 'error', message: string, cause?: string): void => {
    if (isJson) {
      err.write(`${plainJson({ [kind]: { message: commandWords(message), cause } })}\n`)
      return
    }
    const lines = [`stemma: ${kind === 'info' ? '' : `${kind}: `}${commandWords(message)}`, ...(cause?.split('\n') ?? [])]
    err.write(`${lines.map(plainText).join('\n')}\n`)
  }
  return {
    info: (message) => {
      tell('info', message)
    },
    warn: (message, data) => {
      const error = data?.['error']
      tell('warning', isStemmaError(error) ? `${message}: ${error.message}` : message)
    },
    error: (message, data) => {
      const cause = data?.['error']
      tell('error', message, typeof cause === 'object' && cause !== null && 'stack' in cause ? String(cause.stack) : undefined)
    }
  }
}
