#!/usr/bin/env node
import { runCommandLine } from './run-command-line.js'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

process.exitCode = await runCommandLine(process.argv.slice(2), {
  out: process.stdout,
  err: process.stderr,
  onStop: (stop) => {
    // Once: who asks a second time wants it to end at once, which is what a signal does by itself.
    for (const signal of SIGNALS) process.once(signal, stop)
    return () => {
      for (const signal of SIGNALS) process.off(signal, stop)
    }
  }
})
