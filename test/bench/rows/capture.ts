import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { median, runProgram, runShell, type Row } from '../measure.js'
import { freshPath, program, writeManyFiles, type Workspace } from '../workspace.js'

/** Capture of everything in a repository of 20,000 files. */
export function captureRows(workspace: Workspace): Row[] {
  const repository = freshPath(workspace, 'repository')
  mkdirSync(repository)
  writeManyFiles(repository)
  writeFileSync(join(repository, 'package.json'), JSON.stringify({ name: 'bench', dependencies: {} }))
  runShell(
    'git init -q && git config gc.auto 0 && git add -A && git -c user.name=bench -c user.email=bench@example.org commit -qm files && git status >/dev/null',
    { cwd: repository }
  )
  const run = runProgram(process.execPath, [program('capture'), repository, String(workspace.pairs * 3)])
  const { ours, without, limits } = JSON.parse(run.output.split('\n')[0] ?? '') as Record<'ours' | 'without' | 'limits', number[]>
  const captureMs = ours.map((value, index) => value - (without[index] ?? 0))
  const ratio = median(captureMs.map((value, index) => value / (limits[index] ?? Number.NaN)))
  return [
    {
      id: 'capture',
      work: 'capture of everything in a repository of 20,000 files',
      limit: 'one `git status --porcelain=v2 --branch` in it',
      bar: '≤ 1.5 ×',
      met: ratio <= 1.5,
      figure: `${ratio.toFixed(2)} ×`,
      detail: `${median(captureMs).toFixed(0)} ms against ${median(limits).toFixed(0)} ms`,
      peakMiB: run.peakMiB
    }
  ]
}
