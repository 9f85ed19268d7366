#!/usr/bin/env node
import { runCommandLine } from './run-command-line.js'
import type { StopReason } from './terminal.js'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
const stops = new Set<(reason: StopReason) => void>()

function stopAll(reason: StopReason): void {
  for (const stop of stops) stop(reason)
}

// Who reads may stop reading, as head does: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') {
    stopAll('EPIPE')
    return
  }
  process.stderr.write(`stemma: cannot write the result: ${error.message}\n`)
  process.exit(1)
})
process.stderr.on('error', () => undefined)

process.exitCode = await runCommandLine(process.argv.slice(2), {
  out: process.stdout,
  err: process.stderr,
  onStop: (stop) => {
    stops.add(stop)
    // Once: who asks a second time wants it to end at once, which is what a signal does by itself.
    for (const signal of SIGNALS) process.once(signal, stopAll)
    return () => {
      stops.delete(stop)
      for (const signal of SIGNALS) process.off(signal, stopAll)
    }
  }
})
