import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { startChild } from './child.js'
import type { Bench, Result } from './suite.js'

const INPUTS = 100_000
const MAX_GROWTH_BYTES = 64 * 1_048_576
const PATIENCE_MS = 600_000

const answerSchema = z.object({
  targets: z.int(), done: z.int(), values: z.int(), refused: z.int(), slowestMs: z.number(), slowest: z.string(), cpuMs: z.number(), grownBytes: z.number(),
  counts: z.array(z.string()), problems: z.array(z.string())
})

/**
 * B10: every parser of what comes from outside gets made-up inputs. Each ends within 100 ms in a value that is one, in a StemmaError, or in
 * nothing where that is the answer; no built-in object is changed, and no memory is kept.
 *
 * @param only names of parsers. @default all
 */
export async function fuzzParsers(bench: Bench, only?: readonly string[], inputs = Math.ceil(INPUTS * bench.scale)): Promise<Result> {
  const folder = join(bench.folder, 'fuzz')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'place'), 'its start')
  const child = startChild(join(bench.build.folder, 'fuzz.cjs'), { patienceMs: PATIENCE_MS * bench.scale })
  const answer = await child.ask({ folder, seed: bench.seed, inputs, targets: only })
  await child.kill()
  const place = readFileSync(join(folder, 'place'), 'utf8').trim()
  rmSync(folder, { recursive: true, force: true })
  if (answer.kind !== 'answered') return { counts: 'none', violations: [`the program ${answer.kind} at ${place} of seed ${bench.seed}: ${answer.errors}`] }
  const { targets, done, values, refused, slowestMs, slowest, cpuMs, grownBytes, counts, problems } = answerSchema.parse(answer.value)
  if (grownBytes >= MAX_GROWTH_BYTES) problems.push(`the process has ${megabytes(grownBytes)} more than before`)
  if (process.env['STEMMA_FUZZ_COUNTS']) process.stdout.write(`${counts.join('\n')}\n`)
  const figures = `${values} read, ${refused} refused, ${slowestMs.toFixed(0)} ms CPU at most (${slowest}), ${(cpuMs / 1_000).toFixed(0)} s CPU, ${megabytes(grownBytes)} more memory`
  return { counts: `${done} inputs to ${targets} parsers, ${figures} (seed ${bench.seed})`, violations: problems }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`
}
