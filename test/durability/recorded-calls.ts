import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Build } from './build.js'
import { startChild } from './child.js'
import { COUNT_ONLY, KINDS, type Kind } from './fault-control.js'
import type { Operation } from './operations.js'
import { ranSchema, type RunRequest } from './protocol.js'

/** A file call that an operation made below its folder. */
export interface RecordedCall {
  index: number
  kind: Kind
  path: string
  /** The old name, for a link or a rename. */
  other: string
}

/** Runs an operation without a fault in a place that was prepared for it, and tells which calls of these kinds it makes. */
export async function recordCalls(build: Build, operation: Operation, folder: string, kinds: readonly Kind[]): Promise<RecordedCall[]> {
  const child = startChild(join(build.folder, 'injected.cjs'), { shim: build.shim })
  const log = join(folder, '..', `calls-${operation.name}.log`)
  const request: RunRequest = { operation: operation.name, folder, log, plan: { action: 'E', from: COUNT_ONLY, to: COUNT_ONLY, errno: 0, kinds: [...kinds] } }
  const answer = await child.ask(request)
  await child.kill()
  if (answer.kind !== 'answered') throw new Error(`${operation.name} without a fault ${answer.kind}: ${answer.errors}`)
  const ran = ranSchema.parse(answer.value)
  if (ran.outcome !== 'acknowledged') throw new Error(`${operation.name} without a fault: ${ran.code ?? ran.untyped ?? ran.outcome}`)
  const calls = readLog(log)
  if (calls.length !== ran.counted || calls.length === 0) throw new Error(`${operation.name}: ${ran.counted} calls counted, ${calls.length} written down`)
  return calls
}

export function readLog(path: string): RecordedCall[] {
  return readFileSync(path, 'utf8').split('\n').filter(Boolean).map((line) => {
    const [index = '', name = '', at = '', other = ''] = line.split('\t')
    const kind = KINDS.find((known) => known === name)
    if (kind === undefined) throw new Error(`no kind of call: ${name}`)
    return { index: Number(index), kind, path: at, other }
  })
}
