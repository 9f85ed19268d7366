import { readFileSync } from 'node:fs'
import { systemErrorCode } from './system-error.js'

const PLACE = '/proc/sys/kernel/random/boot_id'
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

let known: { bootId: string | undefined } | undefined

/**
 * Names the time since this machine was started: it is another one after each start, and the same for all processes and containers until
 * then. What was written in this time cannot have been lost by a power cut. `undefined` where the system has no such name (all but Linux).
 */
export function currentBootId(): string | undefined {
  known ??= { bootId: readBootId() }
  return known.bootId
}

function readBootId(): string | undefined {
  try {
    const text = readFileSync(PLACE, 'latin1').trim()
    return UUID.test(text) ? text : undefined
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return undefined
  }
}
