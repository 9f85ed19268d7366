import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import type { Command } from 'commander'
import type { Logger } from '../registry/context.js'
import { defaultTarget } from '../registry/default-target.js'
import { integer, list } from './arguments.js'
import type { Terminal } from './terminal.js'

interface ServeOptions {
  registry?: string
  host: string
  port: number
  tokens?: string
  allowHost: string[]
  allowOrigin: string[]
  accessLog?: string
  grace: number
}

/** `stemma serve`: a registry over HTTP, until the process is asked to stop. */
export function addServe(program: Command, terminal: Terminal): void {
  program
    .command('serve')
    .description('Serve a registry over HTTP')
    .option('--registry <target>', 'the registry, for instance ./.stemma (default: STEMMA_REGISTRY, else .stemma in the project)')
    .option('--host <host>', 'address to listen on; beyond this machine only with tokens', '127.0.0.1')
    .option('--port <port>', 'port to listen on, 0 for any that is free', integer(0, 65_535), 5151)
    .option('--tokens <file>', 'JSON file of tokens, see stemma token create; read again when it changes')
    .option('--allow-host <host>', 'a value of Host to answer: registry.example.org (may be repeated)', list, [])
    .option('--allow-origin <origin>', 'a value of Origin to answer (may be repeated)', list, [])
    .option('--access-log <file>', 'append a line of JSON for each request; - is standard output')
    .option('--grace <seconds>', 'time for running requests to finish when asked to stop', integer(0, 86_400), 30)
    .action(async (options: ServeOptions) => {
      await serve(options, terminal)
    })
}

async function serve(options: ServeOptions, terminal: Terminal): Promise<void> {
  const { createServer } = await import('../server/create-server.js')
  const target = options.registry ?? defaultTarget()
  const log = options.accessLog === undefined ? undefined : openLog(options.accessLog, terminal)
  const server = createServer({
    registry: target,
    host: options.host,
    port: options.port,
    tokens: options.tokens,
    allowedHosts: options.allowHost,
    allowedOrigins: options.allowOrigin,
    accessLog: log?.stream,
    logger: operatorLog(terminal)
  })
  const stopped = new AbortController()
  const forget = terminal.onStop(() => {
    stopped.abort()
  })
  try {
    await server.listen()
    terminal.err.write(`stemma: serving ${target}${options.tokens === undefined ? ' for this machine: whoever is on it may do everything' : ''}\n`)
    if (!stopped.signal.aborted) await once(stopped.signal, 'abort')
    terminal.err.write(`stemma: stopping; running requests have ${options.grace} s\n`)
  } finally {
    forget()
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

/** What the operator is to know, in lines of text. */
function operatorLog({ err }: Terminal): Logger {
  return {
    info: (message) => {
      err.write(`stemma: ${message}\n`)
    },
    warn: (message) => {
      err.write(`stemma: warning: ${message}\n`)
    },
    error: (message, data) => {
      const cause = data?.['error']
      err.write(`stemma: error: ${message}${typeof cause === 'object' && cause !== null && 'stack' in cause ? `\n${String(cause.stack)}` : ''}\n`)
    }
  }
}
