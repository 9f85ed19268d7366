import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { formatRatio, pairs, runProgram, runShell, type Row } from '../measure.js'
import { freshPath, program, writeNoise, type Workspace } from '../workspace.js'

const GIB = 1024 ** 3

/** Verifying one and two files of 1 GiB against openssl. */
export async function verifyRows(workspace: Workspace): Promise<Row[]> {
  return [
    await verifyRow(workspace, { id: 'verify-1', files: 1, bar: 1.15 }),
    await verifyRow(workspace, { id: 'verify-2', files: 2, bar: 0.65 })
  ]
}

async function verifyRow(workspace: Workspace, { id, files, bar }: { id: string; files: number; bar: number }): Promise<Row> {
  const folder = freshPath(workspace, 'model')
  mkdirSync(folder)
  const paths = Array.from({ length: files }, (_, index) => join(folder, `w${index}.bin`))
  paths.forEach((path, index) => {
    writeNoise(path, GIB, index + 1)
  })
  const store = freshPath(workspace, 'store')
  runProgram(process.execPath, [program('log'), store, folder, 'none'])
  let peakMiB = 0
  const measured = await pairs(
    workspace.pairs,
    () => {
      const run = runProgram(process.execPath, [program('verify'), store, 'bench'])
      peakMiB = Math.max(peakMiB, run.peakMiB ?? 0)
      return run.wallMs
    },
    () => runShell(paths.map((path) => `openssl dgst -sha256 ${path}`).join(' && ')).wallMs
  )
  runShell(`rm -rf ${folder} ${store}`)
  return {
    id,
    work: files === 1 ? 'verify one file of 1 GiB, warm' : `verify ${files} files of 1 GiB, warm`,
    limit: files === 1 ? '`openssl dgst -sha256`' : '`openssl dgst` of both, one after the other',
    bar: `≤ ${bar} ×`,
    met: measured.ratio <= bar,
    figure: formatRatio(measured),
    detail: `${measured.ours.toFixed(0)} ms against ${measured.limits.toFixed(0)} ms`,
    peakMiB
  }
}
