import { spawnSync } from 'node:child_process'

/** One row of the table: a piece of work, the limit that it is measured against, and the bar. */
export interface Row {
  id: string
  work: string
  limit: string
  bar: string
  /** Whether the measured figure meets the bar; `undefined` for a row that is only reported. */
  met: boolean | undefined
  /** The figure that is compared with the bar, as text. */
  figure: string
  /** Median times behind it. */
  detail: string
  /** Highest resident memory of a process that did the work, MiB. */
  peakMiB: number | undefined
}

/** What a run of a program gave. */
export interface Run {
  wallMs: number
  peakMiB: number | undefined
  output: string
}

/**
 * Runs a program to its end and times the whole process, start-up included. Its peak memory is what it prints itself as
 * `peak-kib <n>` on the last line (`process.resourceUsage().maxRSS`).
 */
export function runProgram(file: string, args: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}): Run {
  const begin = performance.now()
  const result = spawnSync(file, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024
  })
  const wallMs = performance.now() - begin
  if (result.error) throw result.error
  if (result.status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${String(result.status)}: ${result.stderr.slice(-2_000)}`)
  const peak = /peak-kib (\d+)/.exec(result.stdout)?.[1]
  return { wallMs, peakMiB: peak === undefined ? undefined : Number(peak) / 1024, output: result.stdout }
}

/** Runs a shell command, timed. */
export function runShell(command: string, options: { cwd?: string } = {}): Run {
  return runProgram('bash', ['-c', command], options)
}

/** The median of numbers; the mean of the middle two for an even count. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}

/** What pairs of runs gave. */
export interface Paired {
  /** Median of the ratios of the pairs, ours to the limit's. */
  ratio: number
  lowest: number
  highest: number
  ours: number
  limits: number
}

/**
 * Measures two pieces of work in turn, A B A B …, so that what disturbs the machine disturbs both; after one pair that does not count.
 * The ratio is the median of the ratios of the pairs.
 *
 * @param options.isWarm both did the same work before, so that the first pair counts.
 */
export async function pairs(count: number, ours: (round: number) => number | Promise<number>, limit: (round: number) => number | Promise<number>, { isWarm = false } = {}): Promise<Paired> {
  const ratios: number[] = []
  const oursAll: number[] = []
  const limitAll: number[] = []
  for (let round = isWarm ? 1 : 0; round <= count; round++) {
    const a = await ours(round)
    const b = await limit(round)
    if (round === 0) continue
    ratios.push(a / b)
    oursAll.push(a)
    limitAll.push(b)
  }
  return { ratio: median(ratios), lowest: Math.min(...ratios), highest: Math.max(...ratios), ours: median(oursAll), limits: median(limitAll) }
}

/** `0.71 × [0.68–0.80]`. */
export function formatRatio(paired: Paired): string {
  return `${paired.ratio.toFixed(2)} × [${paired.lowest.toFixed(2)}–${paired.highest.toFixed(2)}]`
}
