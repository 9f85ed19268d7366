import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Bench, Result } from './suite.js'

const ROOT = join(import.meta.dirname, '..', '..')
const TESTS = ['test/backends/local/model-based.test.ts', 'test/backends/local/schedules.test.ts']

/** B8: the tests that hold the local store to a registry in memory, through crashes, power cuts and schedules, with more rounds. */
export async function modelRuns({ scale }: Bench): Promise<Result> {
  const rounds = { STEMMA_MODEL_RUNS: String(2_000 * scale), STEMMA_MODEL_COMMANDS: '50', STEMMA_SCHEDULES: String(10_000 * scale) }
  const child = spawn(process.execPath, [join(ROOT, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--testTimeout=3600000', ...TESTS], {
    cwd: ROOT, env: { ...process.env, ...rounds, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe']
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-20_000)
  })
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve))
  const counts = `${rounds.STEMMA_MODEL_RUNS} runs of ≤ ${rounds.STEMMA_MODEL_COMMANDS} commands, ${rounds.STEMMA_SCHEDULES} schedules`
  const passed = /Tests\s+(\d+) passed/.exec(output)
  return { counts, violations: exitCode === 0 && passed ? [] : [output.slice(-3_000)] }
}
