import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bitRot } from './bit-rot.js'
import { buildPrograms } from './build.js'
import { callOrder } from './call-order.js'
import { crashPoints } from './crash-points.js'
import { errorInjection } from './error-injection.js'
import { fullDisk } from './full-disk.js'
import { fuzzParsers } from './fuzz-parsers.js'
import { histories } from './histories.js'
import { httpKills } from './http-kills.js'
import { killLoop } from './kill-loop.js'
import { lostReplies } from './lost-replies.js'
import { modelRuns } from './model-runs.js'
import { networkFaults } from './network-faults.js'
import { seededBugs } from './seeded-bugs.js'
import type { Bench, Suite } from './suite.js'

const SUITES: readonly Suite[] = [
  { id: 'b0', title: 'flushed in the right order', run: callOrder },
  { id: 'b1', title: 'killed at every change', run: crashPoints },
  { id: 'b2', title: 'errors at every call', run: errorInjection },
  { id: 'b3', title: 'kill -9', run: killLoop },
  { id: 'b5', title: 'lost replies', run: lostReplies },
  { id: 'b6', title: 'full disk', run: fullDisk },
  { id: 'b7', title: 'linearizable', run: histories },
  { id: 'b8', title: 'as a registry in memory', run: modelRuns },
  { id: 'b9', title: 'bad network', run: networkFaults },
  { id: 'b10', title: 'made-up inputs', run: (bench) => fuzzParsers(bench) },
  { id: 'b12', title: 'bit rot', run: bitRot },
  { id: 'b13', title: 'kill -9 of a server', run: httpKills },
  { id: 'bugs', title: 'seeded bugs', run: seededBugs }
]

/**
 * `--only b1,b3`: these parts. `--rounds 10`: ten times the work, and every error at every call. `--seed 7`: other choices.
 * `--folder DIR`: stores lie there, in place of memory. `--report DIR`: all violations go there.
 */
const { values } = parseArgs({
  options: { only: { type: 'string' }, rounds: { type: 'string', default: '1' }, seed: { type: 'string', default: '1' }, folder: { type: 'string' }, report: { type: 'string' } }
})

async function main(): Promise<number> {
  // Without its tools the suite would prove nothing: then it fails.
  execFileSync(join(import.meta.dirname, 'install-tools.sh'), { stdio: 'inherit' })
  const wanted = values.only?.split(',')
  const parent = values.folder ?? (hasRoom('/dev/shm') ? '/dev/shm' : tmpdir())
  const folder = mkdtempSync(join(parent, 'stemma-durability-'))
  process.on('exit', () => {
    rmSync(folder, { recursive: true, force: true })
  })
  const bench: Bench = { build: await buildPrograms(join(folder, 'build')), folder, seed: Number(values.seed), scale: Number(values.rounds) }
  let passed = 0
  let failed = 0
  for (const suite of SUITES) {
    if (wanted && !wanted.includes(suite.id)) continue
    const started = performance.now()
    const { counts, violations } = await suite.run(bench)
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    process.stdout.write(`${suite.id.padEnd(4)} ${suite.title}: ${counts}, ${violations.length} violations, ${seconds} s\n`)
    for (const line of summary(violations)) process.stdout.write(`     ${line}\n`)
    if (violations.length > 0 && values.report !== undefined) writeFileSync(join(values.report, `${suite.id}.txt`), violations.join('\n'))
    if (violations.length > 0) failed += 1
    else passed += 1
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  return failed === 0 && passed > 0 ? 0 : 1
}

/** A kill loses nothing that was written, flushed or not: memory shows the same as a disk, and sooner. */
function hasRoom(folder: string): boolean {
  if (!existsSync(folder)) return false
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize > 512 * 1_048_576
}

/** The first lines of the first violations, and how many more there are. */
function summary(violations: readonly string[]): string[] {
  const lines = violations.slice(0, 12).map((violation) => violation.split('\n').slice(0, 4).join(' ').slice(0, 600))
  return violations.length > lines.length ? [...lines, `… and ${violations.length - lines.length} more (--report FOLDER writes all)`] : lines
}

process.exitCode = await main()
