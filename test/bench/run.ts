import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Row } from './measure.js'
import { captureRows } from './rows/capture.js'
import { commitRows } from './rows/commits.js'
import { httpRows } from './rows/http.js'
import { logRows } from './rows/log.js'
import { mlflowRows } from './rows/mlflow.js'
import { searchRows } from './rows/search.js'
import { startRows } from './rows/start.js'
import { verifyRows } from './rows/verify.js'
import type { Workspace } from './workspace.js'

/**
 * `npm run bench [-- --only verify,commits] [--pairs 5]`: measures each piece of work against its limit in the same run, and prints
 * the table of docs/performance.md. Needs some 12 GiB of disk in `.bench/` (or `BENCH_DIR`), which it removes.
 */
const SUITES: Record<string, (workspace: Workspace) => Row[] | Promise<Row[]>> = {
  start: startRows,
  capture: captureRows,
  commits: commitRows,
  verify: verifyRows,
  search: searchRows,
  log: logRows,
  http: httpRows,
  mlflow: mlflowRows
}

const { values } = parseArgs({ options: { only: { type: 'string' }, pairs: { type: 'string', default: '5' } } })
const names = values.only?.split(',') ?? Object.keys(SUITES)
const base = process.env['BENCH_DIR'] ?? '.bench'
mkdirSync(base, { recursive: true })
const workspace: Workspace = { root: mkdtempSync(join(base, 'run-')), pairs: Number(values.pairs) }
workspace.root = join(process.cwd(), workspace.root)

console.log(`${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, ${Math.round(totalmem() / 1024 ** 3)} GiB, Linux ${release()}, Node ${process.version}, ${filesystem()}`)
console.log('\n| work | limit | bar | measured | medians | peak MiB | met |\n|---|---|---|---|---|---|---|')
let failed = 0
try {
  for (const name of names) {
    const suite = SUITES[name]
    if (!suite) throw new Error(`no benchmark ${name}; there are ${Object.keys(SUITES).join(', ')}`)
    for (const row of await suite(workspace)) {
      const verdict = row.met === undefined ? '–' : row.met ? 'yes' : '**no**'
      if (row.met === false) failed++
      console.log(`| ${[row.work, row.limit, row.bar, row.figure, row.detail, row.peakMiB?.toFixed(0) ?? '–', verdict].join(' | ')} |`)
    }
  }
} finally {
  rmSync(workspace.root, { recursive: true, force: true })
}
if (failed > 0) {
  console.error(`\n${failed} bar(s) missed`)
  process.exitCode = 1
}

/** The type of the file system that the workspace is on. */
function filesystem(): string {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, at = '']) => at === '/' || workspace.root.startsWith(`${at}/`))
    .toSorted(([, a = ''], [, b = '']) => b.length - a.length)
  return mounts[0]?.[2] ?? 'unknown file system'
}
