import { openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as z from 'zod'
import { outsideTargets } from '../fuzz/outside-targets.js'
import { recordTargets } from '../fuzz/record-targets.js'
import { runTarget } from '../fuzz/run-target.js'
import { serverTargets } from '../fuzz/server-targets.js'
import { storeTargets } from '../fuzz/store-targets.js'
import { builtIns, changedBuiltIn } from '../fuzz/target.js'
import { answerLines } from './lines.js'

/** Gives made-up inputs to every parser, and looks at what becomes of them, of the built-in objects and of memory. */

const WARM_UP = 200
const requestSchema = z.object({ folder: z.string(), seed: z.int(), inputs: z.int(), targets: z.array(z.string()).optional() })

async function answer(line: unknown): Promise<unknown> {
  const { folder, seed, inputs, targets: wanted } = requestSchema.parse(line)
  const targets = [...recordTargets(), ...storeTargets(folder), ...serverTargets(folder), ...outsideTargets()].filter(({ name }) => wanted?.includes(name) !== false)
  const each = Math.ceil(inputs / targets.length)
  const before = builtIns()
  const place = openSync(join(folder, 'place'), 'w')
  const problems: string[] = []
  // Whoever finds this process hanging or dead reads there where it was.
  const starting = (name: string) => (number: number): void => {
    writeSync(place, `${name}, input ${number}`.padEnd(80), 0)
  }
  // Code is compiled, and caches are filled, before memory is measured.
  for (const target of targets) await runTarget(target, Math.min(WARM_UP, each), seed + 1, starting(target.name))
  const memoryBefore = memory()
  const cpuBefore = process.cpuUsage()
  let [done, values, refused, slowestMs, slowest] = [0, 0, 0, 0, '']
  const counts: string[] = []
  for (const target of targets) {
    const started = process.cpuUsage()
    const tally = await runTarget(target, each, seed, starting(target.name))
    const { user, system } = process.cpuUsage(started)
    done += tally.inputs
    values += tally.values
    refused += tally.refused
    if (tally.slowestMs > slowestMs) [slowestMs, slowest] = [tally.slowestMs, target.name]
    problems.push(...tally.faults)
    counts.push(`${target.name}: ${tally.inputs} inputs, ${tally.values} read, ${tally.refused} refused, ${((user + system) / 1_000 / tally.inputs).toFixed(2)} ms each, ${tally.slowestMs.toFixed(0)} ms at most`)
    if (tally.values === 0) problems.push(`${target.name}: not one of ${tally.inputs} inputs was read, so that nothing is shown`)
    const changed = changedBuiltIn(before)
    if (changed !== undefined) problems.push(`${target.name}: ${changed}`)
  }
  const { user, system } = process.cpuUsage(cpuBefore)
  return { targets: targets.length, done, values, refused, slowestMs, slowest, cpuMs: (user + system) / 1_000, grownBytes: memory() - memoryBefore, counts, problems }
}

setFlagsFromString('--expose-gc')
const collect = z.custom<() => void>((value) => typeof value === 'function').parse(runInNewContext('gc'))

/** What the process holds after everything that nobody needs was given back. */
function memory(): number {
  for (let round = 0; round < 3; round += 1) collect()
  return process.memoryUsage.rss()
}

void answerLines(answer)
